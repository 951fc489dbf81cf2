package dev.asterism.cli.admin;

import dev.asterism.linux.SocketFile;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.handler.timeout.WriteTimeoutHandler;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// A small HTTP/1.1 server: on a unix socket that only its owner may use, or on a TCP port.
///
/// Everything that a client decides is bounded: the size of its request, how long it takes to send
/// it and to read the answer, how many connections there are. A connection carries one request.
/// Thread-safe.
public final class HttpListener implements AutoCloseable {
  /// The largest body that a request may have, in bytes.
  static final int MAX_BODY = 64 << 10; // 64 KiB

  private static final Logger LOGGER = System.getLogger(HttpListener.class.getName());
  private static final int MAX_LINE = 4 << 10; // 4 KiB
  private static final int MAX_HEADERS = 16 << 10; // 16 KiB
  private static final int MAX_CONNECTIONS = 64;
  private static final int REQUEST_SECONDS = 10; // for a client to send its request
  private static final int ANSWER_SECONDS = 30; // for a client to take a piece of the answer
  private static final int STOP_SECONDS = 5;

  private final Optional<Path> socket;
  private final EventLoopGroup io;
  private final Channel channel;

  private HttpListener(Optional<Path> socket, EventLoopGroup io, Channel channel) {
    this.socket = socket;
    this.io = io;
    this.channel = channel;
  }

  /// Listens on a unix socket with mode 0600. One that is there is replaced if nobody answers.
  ///
  /// @throws IOException if somebody does, or it cannot be bound
  static HttpListener onSocket(Path socket, Routes routes) throws IOException {
    Path path = socket.toAbsolutePath();
    SocketFile.makeRoom(path);
    HttpListener listener =
        bind(
            UnixDomainSocketAddress.of(path),
            NioServerDomainSocketChannel.class,
            Optional.of(path),
            routes);
    try {
      SocketFile.restrict(path);
    } catch (IOException e) {
      listener.close();
      throw e;
    }
    return listener;
  }

  /// Listens on a TCP address.
  ///
  /// @throws IOException if it cannot be bound
  static HttpListener onAddress(InetSocketAddress address, Routes routes) throws IOException {
    return bind(address, NioServerSocketChannel.class, Optional.empty(), routes);
  }

  private static HttpListener bind(
      SocketAddress address,
      Class<? extends ServerChannel> type,
      Optional<Path> socket,
      Routes routes)
      throws IOException {
    EventLoopGroup io = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    try {
      Channel channel =
          new ServerBootstrap()
              .group(io)
              .channel(type)
              .childHandler(new Connections(routes))
              .bind(address)
              .syncUninterruptibly()
              .channel();
      LOGGER.log(Level.DEBUG, "listening address={0}", address);
      return new HttpListener(socket, io, channel);
    } catch (Exception e) { // netty throws what the bind threw, checked or not
      var _ = io.shutdownGracefully(0, 0, TimeUnit.SECONDS);
      throw new IOException("cannot listen on %s: %s".formatted(address, e.getMessage()), e);
    }
  }

  /// Returns where it listens: the port is known only then, if it was 0.
  SocketAddress address() {
    return channel.localAddress();
  }

  /// Puts a connection together, or refuses it.
  private static final class Connections extends ChannelInitializer<Channel> {
    private final Routes routes;
    private final AtomicInteger open = new AtomicInteger();

    Connections(Routes routes) {
      this.routes = routes;
    }

    @Override
    protected void initChannel(Channel connection) {
      if (open.incrementAndGet() > MAX_CONNECTIONS) {
        open.decrementAndGet();
        var _ = connection.close();
        return;
      }
      var _ = connection.closeFuture().addListener(_ -> open.decrementAndGet());
      connection
          .pipeline()
          .addLast(RequestHandler.TIMEOUT, new ReadTimeoutHandler(REQUEST_SECONDS))
          .addLast(new WriteTimeoutHandler(ANSWER_SECONDS))
          .addLast(
              new HttpServerCodec(
                  new HttpDecoderConfig()
                      .setMaxInitialLineLength(MAX_LINE)
                      .setMaxHeaderSize(MAX_HEADERS)))
          .addLast(new HttpObjectAggregator(MAX_BODY, true))
          .addLast(new RequestHandler(routes));
    }
  }

  /// Stops to listen; what is being answered ends within seconds.
  @Override
  public void close() throws IOException {
    channel.close().awaitUninterruptibly();
    io.shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS).awaitUninterruptibly();
    if (socket.isPresent()) {
      Files.deleteIfExists(socket.get());
    }
  }
}
