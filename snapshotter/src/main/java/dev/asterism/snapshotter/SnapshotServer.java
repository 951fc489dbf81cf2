package dev.asterism.snapshotter;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.WARNING;

import dev.asterism.linux.SocketFile;
import dev.asterism.snapshotter.cri.ImageServiceProxy;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// [Snapshots] on a unix socket, for containerd's `proxy_plugins`.
///
/// Only root reaches the socket (0600, and a directory of 0700 where it is made here): whoever can
/// speak to it can have anything mounted. Every call runs on a virtual thread. Thread-safe.
public final class SnapshotServer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(SnapshotServer.class.getName());
  private static final int IO_THREADS = 2;

  /// How long calls that are under way may take when the server ends, and again until they have
  /// noticed that they are cancelled.
  private static final Duration GRACE = Duration.ofMillis(400);

  private final Path socket;
  private final Server server;
  private final EventLoopGroup io;
  private final ExecutorService calls;
  private final AtomicBoolean closed = new AtomicBoolean();

  private SnapshotServer(Path socket, Server server, EventLoopGroup io, ExecutorService calls) {
    this.socket = socket;
    this.server = server;
    this.io = io;
    this.calls = calls;
  }

  /// Starts to listen.
  ///
  /// A socket that is there is replaced if nobody answers on it.
  ///
  /// @throws IOException if somebody does, if the path is something else, or cannot be bound
  public static SnapshotServer start(Path socket, SnapshotCalls snapshots) throws IOException {
    return start(socket, builder -> addSnapshots(builder, snapshots));
  }

  /// As the other, with kubelet's image service on the same socket.
  public static SnapshotServer start(Path socket, SnapshotCalls snapshots, ImageServiceProxy images)
      throws IOException {
    return start(
        socket,
        builder -> {
          addSnapshots(builder, snapshots);
          addImages(builder, images);
        });
  }

  /// Serves kubelet's image service alone.
  public static SnapshotServer start(Path socket, ImageServiceProxy images) throws IOException {
    return start(socket, builder -> addImages(builder, images));
  }

  private static void addSnapshots(NettyServerBuilder builder, SnapshotCalls snapshots) {
    builder.addService(
        ServerInterceptors.intercept(new SnapshotsRpc(snapshots), new TraceParent()));
  }

  private static void addImages(NettyServerBuilder builder, ImageServiceProxy images) {
    builder
        .fallbackHandlerRegistry(images.handlers())
        .maxInboundMessageSize(ImageServiceProxy.MAX_MESSAGE);
  }

  private static SnapshotServer start(Path socket, Consumer<NettyServerBuilder> services)
      throws IOException {
    Path path = socket.toAbsolutePath();
    SocketFile.makeRoom(path);
    // Bound under another name: who finds the socket is answered at once, and only root finds it.
    Path hidden = path.resolveSibling(path.getFileName() + "~");
    Files.deleteIfExists(hidden);
    EventLoopGroup io = new MultiThreadIoEventLoopGroup(IO_THREADS, NioIoHandler.newFactory());
    ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(hidden))
            .channelType(NioServerDomainSocketChannel.class)
            // grpc sets it on every connection, and a unix socket only warns that it has no such
            // option.
            .withChildOption(ChannelOption.SO_KEEPALIVE, null)
            .bossEventLoopGroup(io)
            .workerEventLoopGroup(io)
            .executor(calls);
    services.accept(builder);
    Server server = builder.build();
    SnapshotServer started = new SnapshotServer(path, server, io, calls);
    try {
      server.start();
      SocketFile.restrict(hidden);
      Greeting.await(hidden);
      Files.move(hidden, path, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | RuntimeException e) {
      started.stop();
      throw e;
    }
    LOG.log(DEBUG, () -> "listening socket=" + path);
    return started;
  }

  /// Stops to listen, gives calls in progress a moment, cancels the rest, removes the socket. May
  /// be called twice.
  ///
  /// A Prepare that is cancelled while it waits for the registry is as one of a process that was
  /// killed: whoever called it asks the next process again.
  @Override
  public void close() throws IOException {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    stop();
    Files.deleteIfExists(socket);
  }

  private void stop() {
    server.shutdown();
    try {
      if (!server.awaitTermination(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
        server.shutdownNow();
      }
      calls.shutdownNow(); // interrupts what is left; it has no caller any more
      if (!calls.awaitTermination(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.log(WARNING, "calls go on although they were cancelled");
      }
    } catch (InterruptedException _) {
      server.shutdownNow();
      calls.shutdownNow();
      Thread.currentThread().interrupt();
    }
    io.shutdownGracefully(0, GRACE.toMillis(), TimeUnit.MILLISECONDS).awaitUninterruptibly();
  }
}
