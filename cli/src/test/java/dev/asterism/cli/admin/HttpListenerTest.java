package dev.asterism.cli.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.cli.admin.client.AdminClient;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class HttpListenerTest {
  private static final int AT_ONCE = 2;

  @TempDir private Path directory;
  private final CountDownLatch entered = new CountDownLatch(AT_ONCE);
  private final CountDownLatch released = new CountDownLatch(1);
  private Path socket;
  private HttpListener listener;
  private AdminClient client;

  @BeforeEach
  void start() throws IOException {
    socket = directory.resolve("made/admin.sock");
    Routes routes =
        new Routes(AT_ONCE)
            .add("GET", "/hello", (_, response) -> response.send(200, "text/plain", "hello\n"))
            .add(
                "POST",
                "/echo",
                (request, response) -> response.send(200, "text/plain", request.text()))
            .add(
                "GET",
                "/wait",
                (_, response) -> {
                  entered.countDown();
                  await(released);
                  response.send(200, "text/plain", "done\n");
                })
            .add(
                "POST",
                "/lines",
                (_, response) -> {
                  response.begin(200, Response.JSON_LINES);
                  for (int i = 0; i < 1000; i++) {
                    response.piece("{\"line\":%d}\n".formatted(i));
                  }
                })
            .add(
                "POST",
                "/breaks",
                (_, response) -> {
                  response.begin(200, Response.JSON_LINES);
                  response.piece("{\"line\":0}\n");
                  throw new IOException("the disk is gone");
                })
            .add(
                "GET",
                "/refuses",
                (_, _) -> {
                  throw new BadRequestException("no such image");
                })
            .add(
                "GET",
                "/fails",
                (_, _) -> {
                  throw new IOException("the disk is gone");
                })
            .add(
                "GET",
                "/bug",
                (_, _) -> {
                  throw new IllegalStateException("a bug");
                });
    listener = HttpListener.onSocket(socket, routes);
    client = new AdminClient(socket);
  }

  @AfterEach
  void stop() throws IOException {
    released.countDown();
    listener.close();
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private SocketChannel connect() throws IOException {
    return SocketChannel.open(UnixDomainSocketAddress.of(socket));
  }

  /// Sends raw bytes and returns everything that comes back until the connection ends.
  private String exchange(String request) throws IOException {
    try (SocketChannel channel = connect()) {
      send(channel, request);
      return new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static void send(SocketChannel channel, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  @Test
  void socket_made_isForItsOwnerAlone() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
        .isEqualTo("rw-------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket.getParent())))
        .isEqualTo("rwx------");
  }

  @Test
  void close_listener_takesTheSocketAway() throws IOException {
    listener.close();

    assertThat(socket).doesNotExist();
    assertThat(client.isServed()).isFalse();
    assertThatThrownBy(() -> client.get("/hello")).hasMessageContaining("no daemon answers on");
  }

  @Test
  void start_onASocketThatAnswers_isRefused() {
    assertThatThrownBy(() -> HttpListener.onSocket(socket, new Routes(1)))
        .hasMessageContaining("another process answers on");
  }

  @Test
  void get_knownPath_isAnsweredAndTheConnectionClosed() throws IOException {
    assertThat(client.get("/hello")).isEqualTo("hello\n");
    assertThat(
            exchange(
                "GET /hello HTTP/1.1\r\nHost: x\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n"))
        .startsWith("HTTP/1.1 200 OK\r\n")
        .contains("connection: close")
        .containsOnlyOnce("hello\n");
  }

  @Test
  void get_whatIsNotThere_saysSo() {
    assertThatThrownBy(() -> client.get("/nothing"))
        .hasMessage("the daemon says 404: nothing at /nothing; see docs/admin.md");
    assertThatThrownBy(() -> client.post("/hello", ""))
        .hasMessage("the daemon says 405: /hello takes GET");
  }

  @Test
  void serve_failures_areToldApart() {
    assertThatThrownBy(() -> client.get("/refuses"))
        .hasMessage("the daemon says 400: no such image");
    assertThatThrownBy(() -> client.get("/fails"))
        .hasMessage("the daemon says 500: the disk is gone");
    assertThatThrownBy(() -> client.get("/bug"))
        .hasMessageContaining("the daemon says 500: a bug: ");
  }

  @Test
  void post_bodyAtTheBound_isTaken() throws IOException {
    String body = "x".repeat(HttpListener.MAX_BODY);

    assertThat(client.post("/echo", body)).isEqualTo(body);
  }

  @Test
  void post_bodyBeyondTheBound_isRefusedBeforeItIsSent() throws IOException {
    assertThat(
            exchange(
                "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
                    .formatted(HttpListener.MAX_BODY + 1)))
        .startsWith("HTTP/1.1 413");
  }

  @Test
  void request_lineOrHeadersTooLong_isRefused() throws IOException {
    assertThat(exchange("GET /%s HTTP/1.1\r\nHost: x\r\n\r\n".formatted("x".repeat(5000))))
        .startsWith("HTTP/1.1 4");
    assertThat(
            exchange(
                "GET /hello HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n".formatted("x".repeat(17_000))))
        .startsWith("HTTP/1.1 4");
  }

  @Test
  void request_garbage_isRefusedAndHarmsNobody() throws IOException {
    assertThat(exchange("\u0000\u0001 what\r\n\r\n")).startsWith("HTTP/1.1 400");
    assertThat(client.get("/hello")).isEqualTo("hello\n");
  }

  @Test
  void requests_moreThanPlaces_areTurnedAway() throws Exception {
    List<Thread> waiting = new ArrayList<>();
    for (int i = 0; i < AT_ONCE; i++) {
      waiting.add(
          Thread.startVirtualThread(() -> {
            try {
              client.get("/wait");
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          }));
    }
    entered.await();

    assertThatThrownBy(() -> client.get("/hello"))
        .hasMessage("the daemon says 503: too many requests at a time; try again");

    released.countDown();
    for (Thread thread : waiting) {
      thread.join();
    }
    while (isTurnedAway()) {
      Thread.sleep(10); // a place is free a moment after its answer has left
    }
    assertThat(client.get("/hello")).isEqualTo("hello\n");
  }

  private boolean isTurnedAway() throws IOException {
    return exchange("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").startsWith("HTTP/1.1 503");
  }

  @Test
  void connections_moreThanTheBound_areClosed() throws IOException {
    List<SocketChannel> idle = new ArrayList<>();
    try {
      boolean refused = false;
      for (int i = 0; i < 200 && !refused; i++) {
        SocketChannel channel = connect();
        idle.add(channel);
        if (i >= 64) {
          refused = channel.read(ByteBuffer.allocate(1)) < 0;
        }
      }
      assertThat(refused).isTrue();
      assertThat(idle).hasSize(65);
    } finally {
      for (SocketChannel channel : idle) {
        channel.close();
      }
    }
  }

  @Test
  void stream_manyLines_comeInOrder() throws IOException {
    List<String> lines = new ArrayList<>();
    client.stream("/lines", "{}", lines::add);

    assertThat(lines).hasSize(1000).startsWith("{\"line\":0}").endsWith("{\"line\":999}");
  }

  @Test
  void stream_thatFailsInTheMiddle_endsWithTheReason() throws IOException {
    List<String> lines = new ArrayList<>();
    client.stream("/breaks", "{}", lines::add);

    assertThat(lines).containsExactly("{\"line\":0}", "{\"error\":\"the disk is gone\"}");
  }

  @Test
  void client_answerThatIsCutOff_isAnError() throws Exception {
    Path other = directory.resolve("other.sock");
    try (var server =
        java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(other));
      Thread answering =
          Thread.startVirtualThread(() -> {
            try (SocketChannel channel = server.accept()) {
              channel.read(ByteBuffer.allocate(4096));
              send(channel, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{\"a\":");
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          });

      assertThatThrownBy(() -> new AdminClient(other).get("/x")).isInstanceOf(EOFException.class);
      answering.join();
    }
  }

  @Test
  void address_tcp_isServedToo() throws Exception {
    try (HttpListener tcp =
            HttpListener.onAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new Routes(1)
                    .add(
                        "GET",
                        "/metrics",
                        (_, response) -> response.send(200, "text/plain", "a 1\n")));
        HttpClient http = HttpClient.newHttpClient()) {
      int port = ((InetSocketAddress) tcp.address()).getPort();
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/metrics".formatted(port))).build();

      assertThat(http.send(request, BodyHandlers.ofString()).body()).isEqualTo("a 1\n");
    }
  }
}
