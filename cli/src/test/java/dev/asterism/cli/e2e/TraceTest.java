package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.asterism.cli.admin.client.FlatJson;
import dev.asterism.estargz.Annotations;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A daemon that is asked for traces sends them to a collector.
@Tag("kernel")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class TraceTest {
  private static final byte[] CONTENT = RandomTrees.content(Seeds.generator(41), 300_000);

  /// A span as the collector got it.
  private record Span(
      String trace, String id, String parent, String name, long start, long end, String text) {}

  /// As little of a collector as there can be: what is posted to it, taken apart.
  private static final class Collector implements AutoCloseable {
    final List<Span> spans = new CopyOnWriteArrayList<>();
    final List<String> headers = new CopyOnWriteArrayList<>();
    private final HttpServer server;

    Collector() throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/v1/traces",
          exchange -> {
            headers.add(String.valueOf(exchange.getRequestHeaders().getFirst("x-tenant")));
            add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
          });
      server.start();
    }

    private void add(String body) throws IOException {
      FlatJson json = FlatJson.parse(body);
      String spansAt = "resourceSpans/0/scopeSpans/0/spans/";
      for (int i = 0; json.text(spansAt + i + "/name").isPresent(); i++) {
        String at = spansAt + i + "/";
        StringBuilder text = new StringBuilder(json.text(at + "status/message").orElse(""));
        for (int a = 0; json.text(at + "attributes/%d/key".formatted(a)).isPresent(); a++) {
          text.append(' ').append(json.text(at + "attributes/%d/key".formatted(a)).get());
          for (String kind : List.of("stringValue", "intValue")) {
            json.text(at + "attributes/%d/value/%s".formatted(a, kind))
                .ifPresent(value -> text.append('=').append(value));
          }
        }
        spans.add(
            new Span(
                json.text(at + "traceId").orElseThrow(),
                json.text(at + "spanId").orElseThrow(),
                json.text(at + "parentSpanId").orElse(""),
                json.text(at + "name").orElseThrow(),
                Long.parseLong(json.text(at + "startTimeUnixNano").orElseThrow()),
                Long.parseLong(json.text(at + "endTimeUnixNano").orElseThrow()),
                text.toString()));
      }
    }

    String endpoint() {
      return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    Stream<Span> named(String name) {
      return spans.stream().filter(span -> span.name().equals(name));
    }

    /// Returns the names from a span up to the root of its trace.
    String way(Span span) {
      Optional<Span> parent =
          spans.stream()
              .filter(
                  other -> other.id().equals(span.parent()) && other.trace().equals(span.trace()))
              .findFirst();
      return span.name() + parent.map(up -> " < " + way(up)).orElse("");
    }

    List<String> ways(String name) {
      return named(name).map(this::way).distinct().toList();
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }

  @Test
  void daemon_withAnEndpoint_sendsOneTraceFromTheCallToTheLink()
      throws IOException, InterruptedException {
    Layer.EstargzBlob blob =
        Layer.of(Entry.file("srv/small", "few"), Entry.file("srv/big", CONTENT))
            .estargz(EstargzOptions.DEFAULT);
    TestLayer layer =
        TestLayer.gzip(blob.bytes()).annotated(Annotations.TOC_DIGEST, blob.tocDigest().toString());
    try (Collector collector = new Collector();
        TestRegistry registry = TestRegistry.start();
        TestNode node =
            TestNode.start(
                "no_background_fetch = true\n",
                Map.of(
                    "OTEL_EXPORTER_OTLP_ENDPOINT",
                    collector.endpoint(),
                    "OTEL_EXPORTER_OTLP_HEADERS",
                    "x-tenant=a%20secret",
                    "OTEL_BSP_SCHEDULE_DELAY",
                    "50"))) {
      String image =
          registry.reference(
              registry.image("traced/of", "1", ImageConfig.running("/bin/sh"), List.of(layer)));
      node.pull(image);
      node.prepare(TestNode.ASTERISM, "a-container", Images.chainId(image));
      Path folder = node.mount(TestNode.ASTERISM, "a-container");
      try {
        Command.of("cat", folder.resolve("srv/big").toString()).runOrThrow();
      } finally {
        ScratchFolder.unmountBelow(folder);
      }
      while (!collector.ways("link").contains("link < fetch range < read")) {
        Thread.sleep(50); // a read is sent when it is over; the test's own time limit ends this
      }

      String call = "containerd.services.snapshots.v1.Snapshots/Prepare";
      while (collector.named(call).count() < 2) {
        Thread.sleep(50);
      }
      assertThat(collector.ways("verify TOC")).containsExactly("verify TOC < resolve < " + call);
      assertThat(collector.ways("GET"))
          .contains("GET < resolve < " + call, "GET < fetch range < read");
      assertThat(collector.ways("link"))
          .contains("link < resolve < " + call, "link < fetch range < read");
      assertThat(collector.ways("verify")).containsExactly("verify < fetch range < read");
      assertThat(collector.named("read").map(Span::text))
          .allMatch(text -> text.contains("asterism.image=" + image));
      assertThat(collector.named("GET").map(Span::text))
          .allMatch(text -> text.contains("server.address=" + registry.host()))
          .anyMatch(text -> text.contains("http.response.status_code=206"));
      for (Span span : collector.spans) {
        assertThat(span.end()).isGreaterThanOrEqualTo(span.start());
      }
      assertThat(collector.headers).containsOnly("a secret");
      assertThat(node.log()).contains("traces are sent").doesNotContain("a secret");
    }
  }

  @Test
  void daemon_whoseCollectorIsAway_saysSoOnceAndWorks() throws IOException, InterruptedException {
    try (TestNode node =
        TestNode.start(
            "",
            Map.of(
                "OTEL_TRACES_EXPORTER",
                "otlp",
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                "http://127.0.0.1:1/v1/traces",
                "OTEL_BSP_SCHEDULE_DELAY",
                "20"))) {
      for (int i = 0; i < 5; i++) {
        node.snapshots("prepare", "snapshot-" + i).runOrThrow();
        Thread.sleep(60); // more than the time between two posts
      }
      while (!node.log().contains("traces cannot be sent")) {
        Thread.sleep(50); // the test's own time limit ends this
      }
      assertThat(node.log()).containsOnlyOnce("traces cannot be sent");
    }
  }
}
