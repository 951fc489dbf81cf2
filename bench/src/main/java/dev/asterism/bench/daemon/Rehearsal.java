package dev.asterism.bench.daemon;

import dev.asterism.snapshotter.wire.PrepareSnapshotRequest;
import dev.asterism.snapshotter.wire.PrepareSnapshotResponse;
import dev.asterism.snapshotter.wire.SnapshotsGrpc;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.ScratchFolder;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Calls to nobody, before a daemon is measured: containerd's client is compiled, and the first
/// hundreds of calls of one in Java take some milliseconds each, which would be counted as the
/// daemon's. Confined to one thread.
final class Rehearsal extends SnapshotsGrpc.SnapshotsImplBase {
  private static final int CALLS = 5000;

  private Rehearsal() {}

  /// What a daemon answers that has made a remote snapshot.
  @Override
  public void prepare(
      PrepareSnapshotRequest request, StreamObserver<PrepareSnapshotResponse> answers) {
    answers.onError(Status.ALREADY_EXISTS.withDescription(request.getKey()).asRuntimeException());
  }

  /// Asks a server of this process, over a socket, as a [DaemonNode] is asked.
  static void run() throws IOException, InterruptedException {
    try (Cleanup cleanup = Cleanup.open()) {
      ScratchFolder scratch = ScratchFolder.create("asterism-bench-rehearsal-");
      cleanup.add(scratch::close);
      Path socket = scratch.path().resolve("sock");
      EventLoopGroup io = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
      cleanup.add(() -> io.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly());
      Server server =
          NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
              .channelType(NioServerDomainSocketChannel.class)
              .withChildOption(ChannelOption.SO_KEEPALIVE, null)
              .bossEventLoopGroup(io)
              .workerEventLoopGroup(io)
              .addService(new Rehearsal())
              .build()
              .start();
      cleanup.add(server::shutdownNow);
      DaemonClient client = new DaemonClient(socket, io);
      cleanup.add(client::close);
      for (int i = 0; i < CALLS; i++) {
        boolean _ = client.prepare("rehearsal-" + i, Map.of("some label", "some value"));
      }
    }
  }
}
