package dev.asterism.bench.daemon;

import dev.asterism.snapshotter.wire.ListSnapshotsRequest;
import dev.asterism.snapshotter.wire.PrepareSnapshotRequest;
import dev.asterism.snapshotter.wire.SnapshotsGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/// A connection to a snapshotter's socket, as containerd has one. Thread-safe.
final class DaemonClient implements AutoCloseable {
  private static final String NAME = "asterism";

  private final ManagedChannel channel;
  private final SnapshotsGrpc.SnapshotsBlockingStub stub;

  /// @param io of whoever closes it, after this
  DaemonClient(Path socket, EventLoopGroup io) {
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

  /// Asks for a layer over nothing; returns whether the answer is that it is there, lazily.
  ///
  /// @throws StatusRuntimeException if the call fails otherwise
  boolean prepare(String key, Map<String, String> labels) {
    try {
      stub.prepare(
          PrepareSnapshotRequest.newBuilder()
              .setSnapshotter(NAME)
              .setKey(key)
              .putAllLabels(labels)
              .build());
      return false;
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Status.Code.ALREADY_EXISTS) {
        return true;
      }
      throw e;
    }
  }

  /// Returns how many snapshots there are.
  int list() {
    AtomicInteger count = new AtomicInteger();
    stub.list(ListSnapshotsRequest.newBuilder().setSnapshotter(NAME).build())
        .forEachRemaining(answer -> count.addAndGet(answer.getInfoCount()));
    return count.get();
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
