package dev.asterism.snapshotter.cri;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import dev.asterism.snapshotter.SnapshotServer;
import io.grpc.CallOptions;
import io.grpc.HandlerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Kubelet's image service, with a service behind it that knows no message and answers with what it
/// was asked.
@Timeout(300)
class ImageServiceProxyTest {
  private static final String PULL = "runtime.v1.ImageService/PullImage";
  private static final String REMOVE = "runtime.v1.ImageService/RemoveImage";

  @TempDir private Path folder;
  private final EventLoopGroup io = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final List<PullRequest> pulls = new CopyOnWriteArrayList<>();
  private final List<Boolean> ends = new CopyOnWriteArrayList<>();
  private final List<String> removals = new CopyOnWriteArrayList<>();
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private volatile boolean failing;
  private Server service;
  private ImageServiceProxy proxy;
  private SnapshotServer server;
  private ManagedChannel kubelet;

  @BeforeEach
  void start() throws IOException {
    Path containerd = folder.resolve("containerd.sock");
    service =
        NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(containerd))
            .channelType(NioServerDomainSocketChannel.class)
            .withChildOption(ChannelOption.SO_KEEPALIVE, null)
            .bossEventLoopGroup(io)
            .workerEventLoopGroup(io)
            .maxInboundMessageSize(ImageServiceProxy.MAX_MESSAGE)
            .fallbackHandlerRegistry(new Echo())
            .build()
            .start();
    proxy =
        ImageServiceProxy.open(
            containerd,
            new ImageServiceProxy.Pulls() {
              @Override
              public Consumer<Boolean> pulled(PullRequest request) {
                pulls.add(request);
                return ends::add;
              }

              @Override
              public void removed(String image) {
                removals.add(image);
              }
            });
    Path listen = folder.resolve("listen.sock");
    server = SnapshotServer.start(listen, proxy);
    kubelet =
        NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(listen))
            .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
            .eventLoopGroup(io)
            .withOption(ChannelOption.SO_KEEPALIVE, null)
            .overrideAuthority("localhost")
            .maxInboundMessageSize(ImageServiceProxy.MAX_MESSAGE)
            .usePlaintext()
            .build();
  }

  @AfterEach
  void end() throws IOException {
    kubelet.shutdownNow();
    server.close();
    proxy.close();
    service.shutdownNow();
    io.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  /// Answers every unary call with its request, or with a failure where that is asked for.
  private final class Echo extends HandlerRegistry {
    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String name, @Nullable String authority) {
      return ServerMethodDefinition.create(
          method(name),
          ServerCalls.<byte[], byte[]>asyncUnaryCall((request, answer) -> {
            asked.add(name);
            if (name.endsWith("/Fails") || failing) {
              answer.onError(
                  Status.NOT_FOUND.withDescription("no such image").asRuntimeException());
            } else {
              answer.onNext(request);
              answer.onCompleted();
            }
          }));
    }
  }

  private static MethodDescriptor<byte[], byte[]> method(String name) {
    return MethodDescriptor.<byte[], byte[]>newBuilder()
        .setType(MethodDescriptor.MethodType.UNARY)
        .setFullMethodName(name)
        .setRequestMarshaller(new Whole())
        .setResponseMarshaller(new Whole())
        .build();
  }

  private static final class Whole implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private byte[] call(String name, byte[] request) {
    return ClientCalls.blockingUnaryCall(kubelet, method(name), CallOptions.DEFAULT, request);
  }

  private interface Fields {
    void write(CodedOutputStream out) throws IOException;
  }

  private static byte[] message(Fields fields) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    fields.write(out);
    out.flush();
    return bytes.toByteArray();
  }

  private static byte[] pullRequest() throws IOException {
    byte[] spec =
        message(out -> {
          out.writeString(1, "r.example/a/b:1");
          out.writeString(18, "a field of later versions");
        });
    byte[] auth =
        message(out -> {
          out.writeString(1, "user");
          out.writeString(2, "s3cret");
          out.writeString(4, "r.example");
          out.writeUInt64(77, 1234);
        });
    return message(out -> {
      out.writeBytes(1, ByteString.copyFrom(spec));
      out.writeBytes(2, ByteString.copyFrom(auth));
      out.writeString(99, "a field that nobody knows");
    });
  }

  @Test
  void pull_withCredentials_isSeenAndHandedOnByteByByte() throws IOException {
    byte[] request = pullRequest();

    assertThat(call(PULL, request)).isEqualTo(request);

    assertThat(pulls)
        .containsExactly(new PullRequest("r.example/a/b:1", "user", "s3cret", "", "r.example", ""));
    assertThat(pulls.toString()).doesNotContain("s3cret");
    assertThat(asked).containsExactly(PULL);
    assertThat(ends).containsExactly(true);
  }

  @Test
  void pull_thatFails_isSaidToHave() throws IOException {
    byte[] request = pullRequest();
    failing = true;
    assertThatThrownBy(() -> call(PULL, request)).hasMessageContaining("no such image");
    assertThat(ends).containsExactly(false);

    service.shutdownNow();
    assertThatThrownBy(() -> call(PULL, request)).hasMessageContaining("UNAVAILABLE");
    assertThat(ends).containsExactly(false, false);
  }

  @Test
  void remove_image_isSeen() throws IOException {
    byte[] request = pullRequest();
    call(REMOVE, request);
    assertThat(removals).containsExactly("r.example/a/b:1");
  }

  @Test
  void call_ofAnyOtherMethod_isHandedOn() {
    byte[] large = new byte[9 << 20]; // more than gRPC's own bound of 4 MiB
    large[5] = 1;
    assertThat(call("runtime.v1alpha2.ImageService/ListImages", large)).isEqualTo(large);
    assertThat(pulls).isEmpty();
  }

  @Test
  void call_nonsense_isHandedOnAllTheSame() {
    byte[] nonsense = {(byte) 0xff, (byte) 0xff, (byte) 0xff};
    assertThat(call(PULL, nonsense)).isEqualTo(nonsense);
    assertThat(pulls).isEmpty();
  }

  @Test
  void call_serviceFails_failureComesBack() {
    assertThatThrownBy(() -> call("runtime.v1.ImageService/Fails", new byte[0]))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND);
              assertThat(e.getStatus().getDescription()).isEqualTo("no such image");
            });
  }

  @Test
  void call_serviceIsNotThere_isUnavailable() {
    service.shutdownNow();
    assertThatThrownBy(() -> call(PULL, new byte[0]))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
  }

  @Test
  void call_ofAnotherService_isNotHandedOn() {
    assertThatThrownBy(() -> call("runtime.v1.RuntimeService/Version", new byte[0]))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED));
    assertThat(asked).isEmpty();
  }
}
