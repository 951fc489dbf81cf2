package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Random;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A registry that keeps what it has of a chunk that was cut off, as the specification has it.
@Timeout(300)
class ResumedUploadTest {
  private static final int SIZE = 36 << 20; // 36 MiB, so three chunks

  private final byte[] bytes = new byte[SIZE];
  private final ByteArrayOutputStream held = new ByteArrayOutputStream();
  private HttpServer server;
  private RegistryClient client;
  private long received;
  private int cutsLeft;
  private boolean committed;
  private boolean cancelled;

  @BeforeEach
  void start() throws IOException {
    new Random(3).nextBytes(bytes);
    server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::answer);
    server.start();
    client =
        new RegistryClient(
            Hosts.standard(),
            Credentials.anonymous(),
            RequestPolicy.DEFAULT.withRetries(4, Duration.ofMillis(5), Duration.ofMillis(20)),
            InstantSource.system());
  }

  @AfterEach
  void stop() {
    client.close();
    server.stop(0);
  }

  private synchronized void answer(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("Location", "/v2/a/blobs/uploads/1?state=x");
    switch (exchange.getRequestMethod()) {
      case "POST" -> exchange.sendResponseHeaders(202, -1);
      case "PATCH" -> patch(exchange);
      case "GET" -> {
        exchange.getResponseHeaders().set("Range", "0-" + Math.max(0, held.size() - 1));
        exchange.sendResponseHeaders(204, -1);
      }
      case "PUT" -> {
        String digest = "digest=sha256%3A" + Digest.of(held.toByteArray()).hex();
        committed = exchange.getRequestURI().getRawQuery().endsWith(digest);
        exchange.sendResponseHeaders(committed ? 201 : 400, -1);
      }
      case "DELETE" -> {
        cancelled = true;
        exchange.sendResponseHeaders(204, -1);
      }
      default -> exchange.sendResponseHeaders(405, -1);
    }
    exchange.close();
  }

  private void patch(HttpExchange exchange) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Content-Range");
    if (!range.startsWith(held.size() + "-")) {
      exchange.sendResponseHeaders(416, -1);
      return;
    }
    boolean cut = cutsLeft > 0;
    InputStream body = exchange.getRequestBody();
    byte[] part = cut ? body.readNBytes(5 << 20) : body.readAllBytes();
    received += part.length;
    held.writeBytes(part);
    if (cut) {
      cutsLeft--;
      exchange.close(); // without an answer
      return;
    }
    exchange.sendResponseHeaders(202, -1);
  }

  @Test
  void push_chunksThatAreCutOff_goOnWhereTheRegistryIs() throws IOException {
    cutsLeft = 2;
    client.writer(reference()).push(Digest.of(bytes), blob(), _ -> {});
    assertThat(committed).isTrue();
    assertThat(received).isEqualTo(SIZE);
    assertThat(cancelled).isFalse();
  }

  @Test
  void push_registryThatCutsForEver_failsAndIsCancelled() {
    cutsLeft = Integer.MAX_VALUE;
    byte[] none = {};
    assertThatThrownBy(() -> client.writer(reference()).push(Digest.of(none), blob(), _ -> {}))
        .isInstanceOf(RegistryException.class);
    assertThat(committed).isFalse();
    assertThat(cancelled).isTrue();
  }

  private ImageReference reference() {
    return ImageReference.parse("127.0.0.1:%d/a:1".formatted(server.getAddress().getPort()));
  }

  private Blob blob() {
    return new Blob() {
      @Override
      public long size() {
        return SIZE;
      }

      @Override
      public InputStream open(ByteRange range) {
        return new ByteArrayInputStream(bytes, (int) range.start(), (int) range.length());
      }
    };
  }
}
