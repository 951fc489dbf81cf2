package dev.asterism.cli.warm;

import dev.asterism.content.Digest;
import dev.asterism.snapshotter.wire.ListSnapshotsRequest;
import dev.asterism.snapshotter.wire.Mount;
import dev.asterism.snapshotter.wire.MountsRequest;
import dev.asterism.snapshotter.wire.PrepareSnapshotRequest;
import dev.asterism.snapshotter.wire.RemoveSnapshotRequest;
import dev.asterism.snapshotter.wire.SnapshotsGrpc;
import dev.asterism.snapshotter.wire.StatSnapshotRequest;
import dev.asterism.testkit.layer.Layer;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// The calls that containerd makes for a pull and a container, on a daemon's socket. Thread-safe.
final class SnapshotsCalls implements AutoCloseable {
  private static final String NAME = "asterism";

  private final EventLoopGroup io = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final ManagedChannel channel;
  private final SnapshotsGrpc.SnapshotsBlockingStub stub;

  SnapshotsCalls(Path socket) {
    channel =
        NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
            .overrideAuthority("localhost")
            .channelType(NioDomainSocketChannel.class)
            .withOption(ChannelOption.SO_KEEPALIVE, null)
            .eventLoopGroup(io)
            .usePlaintext()
            .build();
    stub = SnapshotsGrpc.newBlockingStub(channel);
  }

  /// How to mount a snapshot. Immutable.
  ///
  /// @param options of overlayfs
  record Mounted(List<String> options) {
    Mounted {
      options = List.copyOf(options);
    }
  }

  /// Asks for one layer of an image, and looks at what came of it.
  ///
  /// @param layers of the image, lowest first
  /// @param index of the layer; those below have been asked for
  /// @throws IOException if it is not taken lazily
  void pull(String image, List<Layer.EstargzBlob> layers, int index) throws IOException {
    String name = nameOf(layers.subList(0, index + 1));
    String parent = index == 0 ? "" : nameOf(layers.subList(0, index));
    String all =
        layers.subList(index, layers.size()).stream()
            .map(layer -> layer.digest().toString())
            .collect(Collectors.joining(","));
    ask(image, layers.get(index), all, name, parent);
    stub.list(
            ListSnapshotsRequest.newBuilder()
                .setSnapshotter(NAME)
                .addFilters(
                    "labels.\"containerd.io/snapshot.ref\"==%s,parent==\"%s\""
                        .formatted(name, parent))
                .build())
        .forEachRemaining(_ -> {});
    stub.stat(StatSnapshotRequest.newBuilder().setSnapshotter(NAME).setKey(name).build());
  }

  /// Asks for a layer as clients do that name no others of its image: that says nothing of the end
  /// of a pull.
  ///
  /// @throws IOException if it is not taken lazily
  void pullAlone(String image, Layer.EstargzBlob layer) throws IOException {
    ask(image, layer, "", nameOf(List.of(layer)), "");
  }

  private void ask(String image, Layer.EstargzBlob layer, String all, String name, String parent)
      throws IOException {
    try {
      stub.prepare(
          PrepareSnapshotRequest.newBuilder()
              .setSnapshotter(NAME)
              .setKey("extract " + name)
              .setParent(parent)
              .putLabels("containerd.io/snapshot.ref", name)
              .putLabels("containerd.io/snapshot/cri.image-ref", image)
              .putLabels("containerd.io/snapshot/cri.layer-digest", layer.digest().toString())
              .putLabels("containerd.io/snapshot/cri.image-layers", all)
              .putLabels("containerd.io/snapshot/stargz/toc.digest", layer.tocDigest().toString())
              .build());
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Status.Code.ALREADY_EXISTS) {
        return;
      }
      throw new IOException("layer %s of %s: %s".formatted(layer.digest(), image, e), e);
    }
    throw new IOException("layer %s of %s was not taken lazily".formatted(layer.digest(), image));
  }

  /// Makes an active snapshot over an image.
  Mounted prepare(String key, String parent) {
    stub.prepare(
        PrepareSnapshotRequest.newBuilder()
            .setSnapshotter(NAME)
            .setKey(key)
            .setParent(parent)
            .build());
    Mount mount =
        stub.mounts(MountsRequest.newBuilder().setSnapshotter(NAME).setKey(key).build())
            .getMounts(0);
    return new Mounted(mount.getOptionsList());
  }

  /// Removes a snapshot.
  void remove(String key) {
    stub.remove(RemoveSnapshotRequest.newBuilder().setSnapshotter(NAME).setKey(key).build());
  }

  /// Returns the name of the snapshot that consists of these layers: any name, as long as it tells
  /// them from others.
  static String nameOf(List<Layer.EstargzBlob> layers) {
    String text =
        layers.stream().map(layer -> layer.digest().toString()).collect(Collectors.joining(" "));
    return Digest.of(text.getBytes(StandardCharsets.UTF_8)).toString();
  }

  @Override
  public void close() {
    channel.shutdownNow();
    io.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
