package dev.asterism.snapshotter.cri;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.HandlerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Stands between kubelet and the image service of containerd's CRI, and sees what pulls are made
/// with.
///
/// Every message is handed on byte by byte, whatever fields it has; only `PullImage` and
/// `RemoveImage` are looked into. A call that cannot be understood is handed on all the same.
/// Thread-safe.
public final class ImageServiceProxy implements AutoCloseable {
  /// Enough for what kubelet takes (`maxMsgSize` of its CRI client).
  public static final int MAX_MESSAGE = 16 << 20; // 16 MiB

  private static final Logger LOGGER = System.getLogger(ImageServiceProxy.class.getName());
  private static final Set<String> SERVICES =
      Set.of("runtime.v1.ImageService", "runtime.v1alpha2.ImageService");
  private static final String AUTHORITY = "localhost"; // a unix socket has none
  private static final long STOP_MILLIS = 500;

  private final Pulls pulls;
  private final EventLoopGroup io;
  private final ManagedChannel service;

  private ImageServiceProxy(Pulls pulls, EventLoopGroup io, ManagedChannel service) {
    this.pulls = pulls;
    this.io = io;
    this.service = service;
  }

  /// Is told what passes.
  public interface Pulls {
    /// An image is about to be pulled with these credentials; the request has not been handed on.
    ///
    /// @return is told once how the pull has ended, before the caller is: whether the image is
    ///   there
    Consumer<Boolean> pulled(PullRequest request);

    /// An image is about to be removed.
    void removed(String image);
  }

  /// Opens a proxy. The service need not be there yet: calls fail with UNAVAILABLE until it is.
  ///
  /// @param service the unix socket of containerd's CRI
  public static ImageServiceProxy open(Path service, Pulls pulls) {
    EventLoopGroup io = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(service.toAbsolutePath()))
            .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
            .eventLoopGroup(io)
            .withOption(ChannelOption.SO_KEEPALIVE, null)
            .overrideAuthority(AUTHORITY)
            .maxInboundMessageSize(MAX_MESSAGE)
            .usePlaintext()
            .build();
    return new ImageServiceProxy(pulls, io, channel);
  }

  /// Returns what serves the image service's calls in a gRPC server.
  public HandlerRegistry handlers() {
    return new HandlerRegistry() {
      @Override
      public @Nullable ServerMethodDefinition<?, ?> lookupMethod(
          String name, @Nullable String authority) {
        return isOurs(name) ? definition(name) : null;
      }
    };
  }

  private static boolean isOurs(String name) {
    String serviceName = MethodDescriptor.extractFullServiceName(name);
    return serviceName != null && SERVICES.contains(serviceName);
  }

  private ServerMethodDefinition<byte[], byte[]> definition(String name) {
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodDescriptor.MethodType.UNKNOWN)
            .setFullMethodName(name)
            .setRequestMarshaller(Bytes.MARSHALLER)
            .setResponseMarshaller(Bytes.MARSHALLER)
            .build();
    return ServerMethodDefinition.create(method, new Forwarding(method));
  }

  /// Returns who wants to know how the call ends.
  private Consumer<Boolean> look(String method, byte[] request) {
    try {
      switch (method) {
        case "PullImage" -> {
          return pulls.pulled(PullRequest.parse(request));
        }
        case "RemoveImage" -> pulls.removed(PullRequest.imageOf(request));
        default -> {
          // nothing to see
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      LOGGER.log(
          Level.WARNING,
          "a CRI request was not understood, and is handed on method={0} cause=\"{1}\"",
          method,
          e.getClass().getSimpleName()); // a message could quote it
    }
    return ImageServiceProxy::noted;
  }

  /// Where nobody wants to know.
  private static void noted(boolean well) {}

  /// Hands one call on, and its answer back, with flow control on both sides.
  private final class Forwarding implements ServerCallHandler<byte[], byte[]> {
    private final MethodDescriptor<byte[], byte[]> method;

    Forwarding(MethodDescriptor<byte[], byte[]> method) {
      this.method = method;
    }

    @Override
    public ServerCall.Listener<byte[]> startCall(
        ServerCall<byte[], byte[]> caller, Metadata headers) {
      CallOptions options = CallOptions.DEFAULT;
      Deadline deadline = Context.current().getDeadline();
      if (deadline != null) {
        options = options.withDeadline(deadline);
      }
      ClientCall<byte[], byte[]> onward = service.newCall(method, options);
      Answering answering = new Answering(caller, onward);
      onward.start(answering, headers);
      onward.request(1);
      caller.request(1);
      return new ServerCall.Listener<>() {
        @Override
        public void onMessage(byte[] message) {
          String bare = method.getBareMethodName();
          answering.tell(look(bare == null ? "" : bare, message));
          onward.sendMessage(message);
          caller.request(1);
        }

        @Override
        public void onHalfClose() {
          onward.halfClose();
        }

        @Override
        public void onCancel() {
          onward.cancel("the caller has gone", null);
        }
      };
    }

    private static final class Answering extends ClientCall.Listener<byte[]> {
      private final ServerCall<byte[], byte[]> caller;
      private final ClientCall<byte[], byte[]> onward;
      private boolean headed;

      @GuardedBy("this")
      private Consumer<Boolean> end = ImageServiceProxy::noted;

      @GuardedBy("this")
      private Optional<Boolean> ended = Optional.empty();

      Answering(ServerCall<byte[], byte[]> caller, ClientCall<byte[], byte[]> onward) {
        this.caller = caller;
        this.onward = onward;
      }

      /// Has somebody told how the call ends, who is told at once if it has: a service that is away
      /// refuses before the request is read.
      void tell(Consumer<Boolean> listener) {
        Optional<Boolean> already;
        synchronized (this) {
          end = listener;
          already = ended;
        }
        already.ifPresent(listener);
      }

      private Consumer<Boolean> end(boolean well) {
        synchronized (this) {
          ended = Optional.of(well);
          return end;
        }
      }

      @Override
      public void onHeaders(Metadata headers) {
        headed = true;
        caller.sendHeaders(headers);
      }

      @Override
      public void onMessage(byte[] message) {
        if (!headed) {
          headed = true;
          caller.sendHeaders(new Metadata());
        }
        caller.sendMessage(message);
        onward.request(1);
      }

      @Override
      public void onClose(Status status, Metadata trailers) {
        try {
          end(status.isOk()).accept(status.isOk());
        } finally {
          caller.close(status, trailers);
        }
      }
    }
  }

  /// Messages as they are.
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    static final Bytes MARSHALLER = new Bytes();

    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes(); // bounded by the transport
      } catch (IOException e) {
        throw Status.INTERNAL.withCause(e).asRuntimeException();
      }
    }
  }

  /// Ends calls that are under way.
  @Override
  public void close() {
    service.shutdownNow();
    io.shutdownGracefully(0, STOP_MILLIS, TimeUnit.MILLISECONDS).awaitUninterruptibly();
  }
}
