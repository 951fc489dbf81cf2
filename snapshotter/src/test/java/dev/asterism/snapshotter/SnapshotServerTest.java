package dev.asterism.snapshotter;

import static dev.asterism.snapshotter.Statuses.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.snapshotter.wire.SnapshotsGrpc;
import dev.asterism.snapshotter.wire.StatSnapshotRequest;
import dev.asterism.snapshotter.wire.StatSnapshotResponse;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.MethodDescriptor;
import io.grpc.Status.Code;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SnapshotServerTest {
  @TempDir private Path root;
  private FakeLayerMounter layers;
  private Snapshots snapshots;

  @BeforeEach
  void open() throws Exception {
    layers = new FakeLayerMounter(root);
    snapshots = Snapshots.open(root, layers, VerificationPolicy.REQUIRED, InstantSource.system());
  }

  @AfterEach
  void close() throws Exception {
    snapshots.close();
  }

  @Test
  void start_inMissingDirectory_makesItForRootOnly() throws Exception {
    Path socket = root.resolve("run/a/s.sock");
    try (SnapshotServer _ = SnapshotServer.start(socket, snapshots)) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
          .isEqualTo("rw-------");
      assertThat(
              PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve("run/a"))))
          .isEqualTo("rwx------");
    }
  }

  @Test
  void start_overStaleSocket_replacesIt() throws Exception {
    Path socket = root.resolve("s.sock");
    try (ServerSocketChannel stale = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      stale.bind(UnixDomainSocketAddress.of(socket));
    }
    assertThat(socket).exists();
    try (SnapshotServer _ = SnapshotServer.start(socket, snapshots);
        SnapshotsClient client = new SnapshotsClient(socket, "default", "asterism")) {
      assertThat(client.list()).isEmpty();
    }
  }

  @Test
  void start_whereSomebodyAnswers_leavesThemAlone() throws Exception {
    Path socket = root.resolve("s.sock");
    try (SnapshotServer _ = SnapshotServer.start(socket, snapshots);
        SnapshotsClient client = new SnapshotsClient(socket, "default", "asterism")) {
      assertThatThrownBy(() -> SnapshotServer.start(socket, snapshots))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("another process answers");
      assertThat(client.list()).isEmpty();
    }
  }

  @Test
  void start_overOrdinaryFile_leavesIt() throws Exception {
    Path file = Files.writeString(root.resolve("s.sock"), "mine");
    assertThatThrownBy(() -> SnapshotServer.start(file, snapshots))
        .hasMessageContaining("is no socket");
    assertThat(file).hasContent("mine");
  }

  @Test
  void close_whileAPrepareWaitsForTheRegistry_cancelsIt() throws Exception {
    Path socket = root.resolve("s.sock");
    CountDownLatch waiting = new CountDownLatch(1);
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    layers.duringPrepare =
        () -> {
          waiting.countDown();
          try {
            Thread.sleep(Duration.ofDays(1));
            interrupted.complete(false);
          } catch (InterruptedException _) {
            interrupted.complete(true);
          }
        };
    SnapshotServer server = SnapshotServer.start(socket, snapshots);
    try (SnapshotsClient client = new SnapshotsClient(socket, "default", "asterism")) {
      Map<String, String> labels =
          Map.of(
              RemoteLabels.TARGET,
              "sha256:target",
              RemoteLabels.CRI_IMAGE,
              "registry.example/app:1",
              RemoteLabels.CRI_LAYER,
              Digest.of(new byte[] {1}).toString());
      Thread caller =
          Thread.ofVirtual()
              .start(() -> assertFails(Code.UNAVAILABLE, () -> client.prepare("k", "", labels)));
      waiting.await();

      server.close();

      assertThat(interrupted.get()).isTrue();
      caller.join();
    }
  }

  /// A container's tree may have millions of files.
  @Test
  void usage_whoseCallerHasGone_endsItsWalk() throws Exception {
    snapshots.prepare("k", "", Map.of());
    assertThat(snapshots.usage("k").inodes()).isEqualTo(1);
    Context.CancellableContext call = Context.current().withCancellation();
    call.cancel(null);
    Context before = call.attach();
    try {
      assertThatThrownBy(() -> snapshots.usage("k"))
          .isInstanceOf(InterruptedIOException.class)
          .satisfies(e ->
              assertThat(SnapshotsRpc.statusOf("Usage", "k", (Exception) e).getCode())
                  .isEqualTo(Code.CANCELLED));
      assertThatThrownBy(() -> snapshots.commit("c", "k", "", Map.of()))
          .isInstanceOf(InterruptedIOException.class);
    } finally {
      call.detach(before);
    }
    assertThat(snapshots.stat("k").kind()).isEqualTo(SnapshotKind.ACTIVE);
  }

  @Test
  void close_twice_unlinksOnce() throws Exception {
    Path socket = root.resolve("s.sock");
    SnapshotServer server = SnapshotServer.start(socket, snapshots);
    server.close();
    assertThat(socket).doesNotExist();
    Files.writeString(socket, "somebody else's");
    server.close();
    assertThat(socket).exists();
    snapshots.close();
    snapshots.close();
  }

  @Test
  void call_toUnknownService_isUnimplemented() throws Exception {
    Path socket = root.resolve("s.sock");
    MethodDescriptor<StatSnapshotRequest, StatSnapshotResponse> unknown =
        SnapshotsGrpc.getStatMethod().toBuilder()
            .setFullMethodName("containerd.services.images.v1.Images/Get")
            .build();
    try (SnapshotServer _ = SnapshotServer.start(socket, snapshots);
        SnapshotsClient client = new SnapshotsClient(socket, "default", "asterism")) {
      assertFails(
          Code.UNIMPLEMENTED,
          () ->
              ClientCalls.blockingUnaryCall(
                  client.channel(),
                  unknown,
                  CallOptions.DEFAULT,
                  StatSnapshotRequest.getDefaultInstance()));
    }
  }
}
