package dev.asterism.snapshotter;

import static java.lang.System.Logger.Level.ERROR;
import static java.lang.System.Logger.Level.INFO;

import com.google.protobuf.Empty;
import com.google.protobuf.Timestamp;
import dev.asterism.content.Trace;
import dev.asterism.snapshotter.wire.CleanupRequest;
import dev.asterism.snapshotter.wire.CommitSnapshotRequest;
import dev.asterism.snapshotter.wire.Info;
import dev.asterism.snapshotter.wire.Kind;
import dev.asterism.snapshotter.wire.ListSnapshotsRequest;
import dev.asterism.snapshotter.wire.ListSnapshotsResponse;
import dev.asterism.snapshotter.wire.MountsRequest;
import dev.asterism.snapshotter.wire.MountsResponse;
import dev.asterism.snapshotter.wire.PrepareSnapshotRequest;
import dev.asterism.snapshotter.wire.PrepareSnapshotResponse;
import dev.asterism.snapshotter.wire.RemoveSnapshotRequest;
import dev.asterism.snapshotter.wire.SnapshotsGrpc;
import dev.asterism.snapshotter.wire.StatSnapshotRequest;
import dev.asterism.snapshotter.wire.StatSnapshotResponse;
import dev.asterism.snapshotter.wire.UpdateSnapshotRequest;
import dev.asterism.snapshotter.wire.UpdateSnapshotResponse;
import dev.asterism.snapshotter.wire.UsageRequest;
import dev.asterism.snapshotter.wire.UsageResponse;
import dev.asterism.snapshotter.wire.ViewSnapshotRequest;
import dev.asterism.snapshotter.wire.ViewSnapshotResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Instant;
import java.util.List;

/// [SnapshotCalls] as containerd's gRPC service: messages in, messages out, failures as statuses.
///
/// Each call runs on a thread of its own and may block.
final class SnapshotsRpc extends SnapshotsGrpc.SnapshotsImplBase {
  private static final System.Logger LOG = System.getLogger(SnapshotsRpc.class.getName());
  // As containerd's own service: an Info may be several KiB, a gRPC message 4 MiB.
  private static final int INFOS_PER_MESSAGE = 100;

  private final SnapshotCalls snapshots;

  SnapshotsRpc(SnapshotCalls snapshots) {
    this.snapshots = snapshots;
  }

  /// What one call answers.
  @FunctionalInterface
  private interface Call<T> {
    T answer() throws IOException;
  }

  @Override
  public void prepare(
      PrepareSnapshotRequest request, StreamObserver<PrepareSnapshotResponse> response) {
    answer(
        "Prepare",
        request.getKey(),
        response,
        () ->
            switch (snapshots.prepare(
                request.getKey(), request.getParent(), request.getLabelsMap())) {
              case Prepared.Mounts(List<Mount> mounts) ->
                  PrepareSnapshotResponse.newBuilder().addAllMounts(wire(mounts)).build();
              case Prepared.AlreadyCommitted(String target) ->
                  throw SnapshotException.alreadyExists(target);
            });
  }

  @Override
  public void view(ViewSnapshotRequest request, StreamObserver<ViewSnapshotResponse> response) {
    answer(
        "View",
        request.getKey(),
        response,
        () ->
            ViewSnapshotResponse.newBuilder()
                .addAllMounts(
                    wire(
                        snapshots.view(
                            request.getKey(), request.getParent(), request.getLabelsMap())))
                .build());
  }

  @Override
  public void mounts(MountsRequest request, StreamObserver<MountsResponse> response) {
    answer(
        "Mounts",
        request.getKey(),
        response,
        () ->
            MountsResponse.newBuilder()
                .addAllMounts(wire(snapshots.mounts(request.getKey())))
                .build());
  }

  @Override
  public void commit(CommitSnapshotRequest request, StreamObserver<Empty> response) {
    answer(
        "Commit",
        request.getKey(),
        response,
        () -> {
          snapshots.commit(
              request.getName(), request.getKey(), request.getParent(), request.getLabelsMap());
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void remove(RemoveSnapshotRequest request, StreamObserver<Empty> response) {
    answer(
        "Remove",
        request.getKey(),
        response,
        () -> {
          snapshots.remove(request.getKey());
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void stat(StatSnapshotRequest request, StreamObserver<StatSnapshotResponse> response) {
    answer(
        "Stat",
        request.getKey(),
        response,
        () ->
            StatSnapshotResponse.newBuilder()
                .setInfo(wire(snapshots.stat(request.getKey())))
                .build());
  }

  @Override
  public void update(
      UpdateSnapshotRequest request, StreamObserver<UpdateSnapshotResponse> response) {
    Info info = request.getInfo();
    answer(
        "Update",
        info.getName(),
        response,
        () ->
            UpdateSnapshotResponse.newBuilder()
                .setInfo(
                    wire(
                        snapshots.update(
                            info.getName(),
                            info.getLabelsMap(),
                            request.getUpdateMask().getPathsList())))
                .build());
  }

  @Override
  public void list(ListSnapshotsRequest request, StreamObserver<ListSnapshotsResponse> response) {
    ignoreCancellation(response);
    try {
      List<Snapshot> found = snapshots.list(request.getFiltersList());
      for (int from = 0; from < found.size(); from += INFOS_PER_MESSAGE) {
        int to = Math.min(found.size(), from + INFOS_PER_MESSAGE);
        response.onNext(
            ListSnapshotsResponse.newBuilder()
                .addAllInfo(found.subList(from, to).stream().map(SnapshotsRpc::wire).toList())
                .build());
      }
      response.onCompleted();
    } catch (IOException | RuntimeException e) {
      response.onError(statusOf("List", "", e).asRuntimeException());
    }
  }

  @Override
  public void usage(UsageRequest request, StreamObserver<UsageResponse> response) {
    answer(
        "Usage",
        request.getKey(),
        response,
        () -> {
          Usage usage = snapshots.usage(request.getKey());
          return UsageResponse.newBuilder().setSize(usage.size()).setInodes(usage.inodes()).build();
        });
  }

  @Override
  public void cleanup(CleanupRequest request, StreamObserver<Empty> response) {
    answer(
        "Cleanup",
        "",
        response,
        () -> {
          snapshots.cleanup();
          return Empty.getDefaultInstance();
        });
  }

  private static <T> void answer(
      String method, String key, StreamObserver<T> response, Call<T> call) {
    T message;
    ignoreCancellation(response);
    try {
      message = told(method, key, call);
    } catch (IOException | RuntimeException e) {
      response.onError(statusOf(method, key, e).asRuntimeException());
      return;
    }
    response.onNext(message);
    response.onCompleted();
  }

  /// Calls that only look are not worth a trace: containerd makes them every few seconds.
  private static <T> T told(String method, String key, Call<T> call) throws IOException {
    return switch (method) {
      case "Stat", "Usage" -> call.answer();
      default ->
          Trace.root(
              "%s/%s".formatted(SnapshotsGrpc.SERVICE_NAME, method),
              Trace.Kind.SERVER,
              TraceParent.current(),
              attributes -> {
                attributes
                    .set("rpc.system", "grpc")
                    .set("rpc.service", SnapshotsGrpc.SERVICE_NAME)
                    .set("rpc.method", method)
                    .set("asterism.key", key);
                return call.answer();
              });
    };
  }

  // A caller that gave up gets no answer, and that is no error: without a handler, onNext throws.
  private static void ignoreCancellation(StreamObserver<?> response) {
    if (response instanceof ServerCallStreamObserver<?> call) {
      call.setOnCancelHandler(() -> {});
    }
  }

  /// The status for a failed call. The only place where a failure becomes a status.
  static Status statusOf(String method, String key, Exception failure) {
    if (failure instanceof SnapshotException refused) {
      Status status =
          switch (refused.kind()) {
            case NOT_FOUND -> Status.NOT_FOUND;
            case ALREADY_EXISTS -> Status.ALREADY_EXISTS;
            case FAILED_PRECONDITION -> Status.FAILED_PRECONDITION;
            case INVALID_ARGUMENT -> Status.INVALID_ARGUMENT;
            case UNAVAILABLE -> Status.UNAVAILABLE;
          };
      if (refused.kind() == SnapshotException.Kind.UNAVAILABLE) {
        LOG.log(INFO, () -> line(method, key, failure));
      }
      return status.withDescription(failure.getMessage());
    }
    if (failure instanceof InterruptedIOException) {
      return Status.CANCELLED.withDescription(failure.getMessage());
    }
    LOG.log(ERROR, () -> line(method, key, failure), failure);
    return Status.INTERNAL.withDescription(failure.toString());
  }

  private static String line(String method, String key, Exception failure) {
    return "call failed method=%s key=%s reason=%s"
        .formatted(method, LogText.quote(key), LogText.quote(failure));
  }

  private static List<dev.asterism.snapshotter.wire.Mount> wire(List<Mount> mounts) {
    return mounts.stream()
        .map(mount ->
            dev.asterism.snapshotter.wire.Mount.newBuilder()
                .setType(mount.type())
                .setSource(mount.source())
                .addAllOptions(mount.options())
                .build())
        .toList();
  }

  private static Info wire(Snapshot snapshot) {
    return Info.newBuilder()
        .setName(snapshot.name())
        .setParent(snapshot.parent())
        .setKind(
            switch (snapshot.kind()) {
              case VIEW -> Kind.VIEW;
              case ACTIVE -> Kind.ACTIVE;
              case COMMITTED -> Kind.COMMITTED;
            })
        .setCreatedAt(wire(snapshot.created()))
        .setUpdatedAt(wire(snapshot.updated()))
        .putAllLabels(snapshot.labels())
        .build();
  }

  private static Timestamp wire(Instant time) {
    return Timestamp.newBuilder()
        .setSeconds(time.getEpochSecond())
        .setNanos(time.getNano())
        .build();
  }
}
