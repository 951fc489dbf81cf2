package dev.asterism.testkit.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The only times asserted are those that a link must not undercut.
@Timeout(300)
class ShapedLinkTest {
  private static final String PATH = "/v2/test/blobs/";

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(7).nextBytes(bytes);
    return bytes;
  }

  private static HttpRequest get(ShapedLink link, Object digest) {
    return HttpRequest.newBuilder(URI.create("http://" + link.host() + PATH + digest)).build();
  }

  @Test
  void read_throughTheLink_givesTheSameBytesAndCountsThem() throws Exception {
    byte[] bytes = random(3_000_000);
    try (TestRegistry registry = TestRegistry.start();
        ShapedLink link = ShapedLink.to(registry.port(), LinkShape.of(1000, 2));
        HttpClient client = HttpClient.newHttpClient()) {
      var digest = registry.blob(bytes);
      assertThat(client.send(get(link, digest), HttpResponse.BodyHandlers.ofByteArray()).body())
          .isEqualTo(bytes);
      assertThat(link.bytesDown()).isBetween(3_000_000L, 3_001_000L);
      assertThat(link.bytesUp()).isBetween(50L, 1000L);
      assertThat(link.connections()).isEqualTo(1);
      link.resetCounters();
      assertThat(link.bytesDown()).isZero();
    }
  }

  @Test
  void read_overManyConnections_sharesTheBandwidth() throws Exception {
    byte[] bytes = random(250_000);
    try (TestRegistry registry = TestRegistry.start();
        ShapedLink link = ShapedLink.to(registry.port(), LinkShape.of(20, 0));
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      var digest = registry.blob(bytes);
      long start = System.nanoTime();
      List<CompletableFuture<HttpResponse<byte[]>>> all = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        all.add(client.sendAsync(get(link, digest), HttpResponse.BodyHandlers.ofByteArray()));
      }
      for (CompletableFuture<HttpResponse<byte[]>> one : all) {
        assertThat(one.get().body()).isEqualTo(bytes);
      }
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isGreaterThan(Duration.ofMillis(800)); // 2 MB at 20 Mbit/s
    }
  }

  @Test
  void exchange_smallMessages_costARoundTripEachAndOneToConnect() throws Exception {
    try (ServerSocket echo = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
        ShapedLink link = ShapedLink.to(echo.getLocalPort(), LinkShape.of(1000, 40))) {
      Thread server =
          Thread.startVirtualThread(() -> {
            try (Socket socket = echo.accept()) {
              socket.getInputStream().transferTo(socket.getOutputStream());
            } catch (IOException _) {
              // the test fails by itself
            }
          });
      long start = System.nanoTime();
      try (Socket socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), link.port())) {
        OutputStream out = socket.getOutputStream();
        InputStream in = socket.getInputStream();
        for (int i = 0; i < 5; i++) {
          out.write(i);
          assertThat(in.read()).isEqualTo(i);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start))
            .isGreaterThan(Duration.ofMillis(6 * 40));
        socket.shutdownOutput();
        assertThat(in.read()).isEqualTo(-1);
      }
      server.join();
    }
  }

  @Test
  void connect_targetIsNotThere_endsTheConnection() throws Exception {
    int port;
    try (ServerSocket gone = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      port = gone.getLocalPort();
    }
    try (ShapedLink link = ShapedLink.to(port, LinkShape.of(100, 0));
        Socket socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), link.port())) {
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void close_whileBytesAreUnderWay_dropsTheConnections() throws Exception {
    byte[] bytes = random(10_000_000);
    try (TestRegistry registry = TestRegistry.start();
        HttpClient client = HttpClient.newHttpClient()) {
      var digest = registry.blob(bytes);
      ShapedLink link = ShapedLink.to(registry.port(), LinkShape.of(8, 10));
      HttpResponse<InputStream> answer =
          client.send(get(link, digest), HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream in = answer.body()) {
        in.readNBytes(1000);
        link.close();
        assertThatThrownBy(in::readAllBytes).isInstanceOf(IOException.class);
      }
    }
  }
}
