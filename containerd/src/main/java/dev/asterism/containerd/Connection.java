package dev.asterism.containerd;

import dev.asterism.containerd.wire.ContentGrpc;
import dev.asterism.containerd.wire.DiffGrpc;
import dev.asterism.containerd.wire.ImagesGrpc;
import dev.asterism.containerd.wire.LeasesGrpc;
import dev.asterism.snapshotter.wire.SnapshotsGrpc;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.io.Closeable;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// A connection to containerd, for one namespace and perhaps under one lease: what calls make or
/// touch is then held by it. Thread-safe.
final class Connection implements Closeable {
  private static final int MAX_MESSAGE = 16 << 20; // 16 MiB: containerd's own bound
  private static final Metadata.Key<String> NAMESPACE = key("containerd-namespace");
  private static final Metadata.Key<String> LEASE = key("containerd-lease");

  private final ContainerdAddress address;
  private final EventLoopGroup io;
  private final ManagedChannel channel;
  private final Channel calls;

  private Connection(
      ContainerdAddress address, EventLoopGroup io, ManagedChannel channel, Channel calls) {
    this.address = address;
    this.io = io;
    this.channel = channel;
    this.calls = calls;
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  /// Connects at the first call.
  static Connection to(ContainerdAddress address) {
    EventLoopGroup io = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(address.socket()))
            .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
            .eventLoopGroup(io)
            .withOption(ChannelOption.SO_KEEPALIVE, null)
            .overrideAuthority("localhost") // a unix socket has none
            .maxInboundMessageSize(MAX_MESSAGE)
            .usePlaintext()
            .build();
    return new Connection(address, io, channel, with(channel, NAMESPACE, address.namespace()));
  }

  private static Channel with(Channel channel, Metadata.Key<String> key, String value) {
    Metadata headers = new Metadata();
    headers.put(key, value);
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  /// Returns this connection under a lease; closing either closes both.
  Connection under(String lease) {
    return new Connection(address, io, channel, with(calls, LEASE, lease));
  }

  ContentGrpc.ContentBlockingStub content() {
    return ContentGrpc.newBlockingStub(calls);
  }

  ContentGrpc.ContentStub contentStreams() {
    return ContentGrpc.newStub(calls);
  }

  ImagesGrpc.ImagesBlockingStub images() {
    return ImagesGrpc.newBlockingStub(calls);
  }

  LeasesGrpc.LeasesBlockingStub leases() {
    return LeasesGrpc.newBlockingStub(calls);
  }

  SnapshotsGrpc.SnapshotsBlockingStub snapshots() {
    return SnapshotsGrpc.newBlockingStub(calls);
  }

  DiffGrpc.DiffBlockingStub diff() {
    return DiffGrpc.newBlockingStub(calls);
  }

  /// Makes a call, and throws its failure as this project does.
  ///
  /// @param what is done, for the message
  <T> T call(String what, Supplier<T> call) throws IOException {
    try {
      return call.get();
    } catch (StatusRuntimeException e) {
      throw failure(what, e);
    }
  }

  /// Returns a failed call as an `IOException` that says what was done.
  IOException failure(String what, StatusRuntimeException e) {
    Status status = e.getStatus();
    if (status.getCode() == Status.Code.UNAVAILABLE) {
      return new IOException(
          "%s: %s: no answer: does it run, may you use its socket, is --containerd-address right?"
              .formatted(address, what),
          e);
    }
    return new IOException(
        "%s: %s: %s %s".formatted(address, what, status.getCode(), orEmpty(status)), e);
  }

  private static String orEmpty(Status status) {
    String text = status.getDescription();
    return text == null ? "" : text;
  }

  /// Tells whether a call failed because what it would make is there.
  static boolean isThere(StatusRuntimeException e) {
    return e.getStatus().getCode() == Status.Code.ALREADY_EXISTS;
  }

  /// Tells whether a call failed because there is nothing of that name.
  static boolean isAbsent(StatusRuntimeException e) {
    return e.getStatus().getCode() == Status.Code.NOT_FOUND;
  }

  @Override
  public String toString() {
    return address.toString();
  }

  @Override
  public void close() {
    channel.shutdownNow();
    io.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
