package dev.asterism.cli.trace;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.asterism.content.Trace;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What becomes of spans when the process ends.
@Timeout(120)
class SpanSenderTest {
  private final List<String> posts = new CopyOnWriteArrayList<>();
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch gate = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private HttpServer collector;
  private SpanSender sender;

  @BeforeEach
  void start() throws IOException {
    collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    collector.setExecutor(threads);
    collector.createContext(
        "/v1/traces",
        exchange -> {
          asked.countDown();
          try {
            gate.await();
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          }
          posts.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    collector.start();
    sender =
        SpanSender.start(
            TraceSettings.read(
                Map.of(
                    "OTEL_EXPORTER_OTLP_ENDPOINT",
                    "http://127.0.0.1:" + collector.getAddress().getPort(),
                    "OTEL_BSP_SCHEDULE_DELAY",
                    "1"),
                "1.2"));
  }

  @AfterEach
  void end() {
    gate.countDown();
    sender.close(Duration.ofMillis(1));
    collector.stop(0);
    threads.shutdownNow();
  }

  private static Trace.Span span(String name) {
    return new Trace.Span(
        new Trace.Place(1, 2, 3),
        0,
        name,
        Trace.Kind.INTERNAL,
        Instant.EPOCH,
        Duration.ofMillis(1),
        Map.of(),
        Optional.empty());
  }

  @Test
  void close_whileAPostIsUnderWay_sendsWhatWaitsToo() throws InterruptedException {
    sender.ended(span("first-span"));
    asked.await();
    sender.ended(span("second-span"));

    Thread closing = Thread.ofPlatform().start(() -> sender.close(Duration.ofSeconds(60)));
    while (closing.getState() != Thread.State.TIMED_WAITING) {
      Thread.sleep(5); // the test's own time limit ends this
    }
    gate.countDown();
    closing.join();

    assertThat(posts).hasSize(2);
    assertThat(posts.getFirst()).contains("first-span").doesNotContain("second-span");
    assertThat(posts.getLast()).contains("second-span").doesNotContain("first-span");
  }

  @Test
  void close_nothingWaits_endsAtOnce() {
    gate.countDown();
    sender.close(Duration.ofDays(1)); // the test's own time limit fails it
    assertThat(posts).isEmpty();
  }

  @Test
  void close_collectorNeverAnswers_endsAllTheSame() throws InterruptedException {
    sender.ended(span("lost-span"));
    asked.await();
    sender.close(Duration.ofMillis(50));
    assertThat(posts).isEmpty();
  }
}
