package dev.asterism.snapshotter;

import com.google.protobuf.FieldMask;
import dev.asterism.snapshotter.wire.CleanupRequest;
import dev.asterism.snapshotter.wire.CommitSnapshotRequest;
import dev.asterism.snapshotter.wire.Info;
import dev.asterism.snapshotter.wire.ListSnapshotsRequest;
import dev.asterism.snapshotter.wire.ListSnapshotsResponse;
import dev.asterism.snapshotter.wire.MountsRequest;
import dev.asterism.snapshotter.wire.PrepareSnapshotRequest;
import dev.asterism.snapshotter.wire.RemoveSnapshotRequest;
import dev.asterism.snapshotter.wire.SnapshotsGrpc;
import dev.asterism.snapshotter.wire.StatSnapshotRequest;
import dev.asterism.snapshotter.wire.UpdateSnapshotRequest;
import dev.asterism.snapshotter.wire.UsageRequest;
import dev.asterism.snapshotter.wire.UsageResponse;
import dev.asterism.snapshotter.wire.ViewSnapshotRequest;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A client of the snapshots service on some socket, as containerd is one.
///
/// Every snapshot gets the label that keeps containerd's garbage collector away. Thread-safe.
final class SnapshotsClient implements AutoCloseable {
  static final String ROOT = "containerd.io/gc.root";
  private static final Metadata.Key<String> NAMESPACE =
      Metadata.Key.of("containerd-namespace", Metadata.ASCII_STRING_MARSHALLER);

  private final EventLoopGroup io = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final ManagedChannel channel;
  private final SnapshotsGrpc.SnapshotsBlockingStub stub;
  private final String snapshotter;

  SnapshotsClient(Path socket, String namespace, String snapshotter) {
    this.snapshotter = snapshotter;
    this.channel =
        NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
            .overrideAuthority("localhost")
            .channelType(NioDomainSocketChannel.class)
            .withOption(ChannelOption.SO_KEEPALIVE, null)
            .eventLoopGroup(io)
            .usePlaintext()
            .build();
    Metadata headers = new Metadata();
    headers.put(NAMESPACE, namespace);
    this.stub =
        SnapshotsGrpc.newBlockingStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  ManagedChannel channel() {
    return channel;
  }

  List<Mount> prepare(String key, String parent) {
    return prepare(key, parent, Map.of());
  }

  List<Mount> prepare(String key, String parent, Map<String, String> labels) {
    return mounts(
        stub.prepare(
                PrepareSnapshotRequest.newBuilder()
                    .setSnapshotter(snapshotter)
                    .setKey(key)
                    .setParent(parent)
                    .putAllLabels(labels)
                    .putLabels(ROOT, "test")
                    .build())
            .getMountsList());
  }

  List<Mount> view(String key, String parent) {
    return view(key, parent, Map.of());
  }

  List<Mount> view(String key, String parent, Map<String, String> labels) {
    return mounts(
        stub.view(
                ViewSnapshotRequest.newBuilder()
                    .setSnapshotter(snapshotter)
                    .setKey(key)
                    .setParent(parent)
                    .putAllLabels(labels)
                    .putLabels(ROOT, "test")
                    .build())
            .getMountsList());
  }

  List<Mount> mounts(String key) {
    return mounts(
        stub.mounts(MountsRequest.newBuilder().setSnapshotter(snapshotter).setKey(key).build())
            .getMountsList());
  }

  private static List<Mount> mounts(List<dev.asterism.snapshotter.wire.Mount> mounts) {
    return mounts.stream()
        .map(mount -> new Mount(mount.getType(), mount.getSource(), mount.getOptionsList()))
        .toList();
  }

  void commit(String name, String key) {
    commit(name, key, Map.of());
  }

  void commit(String name, String key, Map<String, String> labels) {
    commit(name, key, "", labels);
  }

  void commit(String name, String key, String parent, Map<String, String> labels) {
    stub.commit(
        CommitSnapshotRequest.newBuilder()
            .setSnapshotter(snapshotter)
            .setName(name)
            .setKey(key)
            .setParent(parent)
            .putAllLabels(labels)
            .putLabels(ROOT, "test")
            .build());
  }

  void remove(String key) {
    stub.remove(RemoveSnapshotRequest.newBuilder().setSnapshotter(snapshotter).setKey(key).build());
  }

  Info stat(String key) {
    return stub.stat(
            StatSnapshotRequest.newBuilder().setSnapshotter(snapshotter).setKey(key).build())
        .getInfo();
  }

  Info update(Info info, String... fields) {
    return stub.update(
            UpdateSnapshotRequest.newBuilder()
                .setSnapshotter(snapshotter)
                .setInfo(info)
                .setUpdateMask(FieldMask.newBuilder().addAllPaths(List.of(fields)))
                .build())
        .getInfo();
  }

  List<Info> list(String... filters) {
    List<Info> found = new ArrayList<>();
    stub.list(
            ListSnapshotsRequest.newBuilder()
                .setSnapshotter(snapshotter)
                .addAllFilters(List.of(filters))
                .build())
        .forEachRemaining((ListSnapshotsResponse part) -> found.addAll(part.getInfoList()));
    return found;
  }

  UsageResponse usage(String key) {
    return stub.usage(UsageRequest.newBuilder().setSnapshotter(snapshotter).setKey(key).build());
  }

  void cleanup() {
    stub.cleanup(CleanupRequest.newBuilder().setSnapshotter(snapshotter).build());
  }

  @Override
  public void close() throws InterruptedException {
    channel.shutdownNow();
    channel.awaitTermination(10, TimeUnit.SECONDS);
    io.shutdownGracefully(0, 10, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
