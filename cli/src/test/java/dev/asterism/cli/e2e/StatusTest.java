package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.estargz.Annotations;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What a running daemon says of itself: `status`, `why`, metrics.
@Tag("kernel")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class StatusTest {
  private static final byte[] FIRST = random(1, 3 << 20); // 3 MiB
  private static final byte[] SECOND = random(2, 9 << 20); // 9 MiB
  private static final Layer.EstargzBlob LAYER =
      Layer.of(Entry.file("bin/first", FIRST), Entry.file("srv/second", SECOND))
          .estargz(EstargzOptions.DEFAULT);

  private static byte[] random(int seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static String serve(TestRegistry registry) {
    TestLayer layer =
        TestLayer.gzip(LAYER.bytes())
            .annotated(Annotations.TOC_DIGEST, LAYER.tocDigest().toString());
    return registry.reference(
        registry.image("status/of", "1", ImageConfig.running("/bin/sh"), List.of(layer)));
  }

  private static String ask(TestNode node, String... words)
      throws IOException, InterruptedException {
    return Asterism.command(words)
        .with("--admin-address", node.root().resolveSibling("admin.sock").toString())
        .runOrThrow()
        .text();
  }

  @Test
  void daemon_imageHasStartedAndItsRegistryGoes_saysAllOfIt()
      throws IOException, InterruptedException {
    try (TestRegistry registry = TestRegistry.start()) {
      String image = serve(registry);
      try (TestNode node =
          TestNode.start(
              """
              no_background_fetch = true
              [outage]
              mode = "fail"
              [blob]
              max_retries = 1
              [resolver]
              request_timeout_sec = 2
              """)) {
        node.pull(image);
        node.prepare(TestNode.ASTERISM, "the-container", Images.chainId(image));
        Path folder = node.mount(TestNode.ASTERISM, "the-container");
        try {
          Command.of("cksum", folder.resolve("bin/first").toString()).runOrThrow();
          while (!node.log().contains("start-recorded")) {
            Thread.sleep(100); // the test's own time limit ends this
          }
          registry.refuseConnections();
          assertThat(Command.of("cksum", folder.resolve("srv/second").toString()).run().exitCode())
              .isNotZero();
        } finally {
          ScratchFolder.unmountBelow(folder);
        }

        String why = ask(node, "why", "the-container");
        assertThat(why).startsWith(image + ", ").contains("bin/first").doesNotContain("srv/second");
        assertThat(why).contains(ask(node, "why", image)).contains("all containers of an image");
        assertThat(ask(node, "why")).contains(image);

        assertThat(ask(node, "status"))
            .contains(image)
            .contains("its registry")
            .containsPattern("%s \\([1-9]\\d*\\)".formatted(registry.host()))
            .containsPattern("\\s1\\s+0\\s+3\\.1 MB\\s+12\\.6 MB")
            .contains("Not to be had when it was wanted last:", LAYER.digest().toString())
            .contains("Registry %s is away since 20".formatted(registry.host()), "srv/second");

        String metrics = metrics(node);
        String layer = LAYER.digest().toString();
        assertThat(metrics)
            .containsPattern(
                "stargz_fs_layer_size_bytes\\{digest=\"%s\",mountpoint=\"\"} %s"
                    .formatted(layer, "1\\.[0-9]+E7"))
            .containsPattern(
                "stargz_fs_bytes_served\\{layer=\"%s\",operation_type=\"on_demand_bytes_served\"} [1-9]"
                    .formatted(layer))
            .containsPattern(
                "stargz_fs_operation_duration_milliseconds_count\\{layer=\"%s\",operation_type=\"remote_registry_get\"} [1-9]"
                    .formatted(layer))
            .contains("stargz_fs_operation_duration_milliseconds_bucket", "le=\"16384.0\"")
            .containsPattern(duration("milli", layer, "mount"))
            .containsPattern(duration("micro", layer, "read_on_demand"))
            .contains("asterism_layers_prepared_total{lazy=\"true\"} 1.0")
            .contains("asterism_layers_prepared_total{lazy=\"false\"} 0.0")
            .containsPattern("asterism_fetch_requests_total\\{class=\"read\"} [1-9]")
            .containsPattern("asterism_fetch_bytes_total\\{class=\"read\"} [1-9]")
            .contains("asterism_fetch_requests_total{class=\"background\"} 0.0")
            .containsPattern("asterism_waits_total [1-9]")
            .containsPattern("asterism_wait_seconds_total (0\\.|[1-9])[0-9]*[1-9]")
            .containsPattern("asterism_wait_failures_total [1-9]")
            .contains("asterism_registry_away{registry=\"%s\"} 1.0".formatted(registry.host()))
            .containsPattern("asterism_registry_away_since_seconds\\{registry=.*} 1\\.[0-9]+E9")
            .contains("asterism_registry_waiting{registry=\"%s\"} 0.0".formatted(registry.host()))
            .containsPattern(
                "asterism_registry_failures_total\\{host=\"%s\",kind=\"unreachable\"} [1-9]"
                    .formatted(registry.host()));

        registry.up();
        Path again = node.mount(TestNode.ASTERISM, "the-container");
        try {
          Command.of("cksum", again.resolve("srv/second").toString()).runOrThrow();
        } finally {
          ScratchFolder.unmountBelow(again);
        }
        assertThat(metrics(node)).doesNotContain("asterism_registry_away{");
      }
    }
  }

  private static String metrics(TestNode node) throws IOException, InterruptedException {
    return Command.of("curl", "-sS", "--unix-socket")
        .with(node.root().resolveSibling("admin.sock").toString(), "http://a/metrics")
        .runOrThrow()
        .text();
  }

  private static String duration(String unit, String layer, String type) {
    return "stargz_fs_operation_duration_%sseconds_count\\{layer=\"%s\",operation_type=\"%s\"} [1-9]"
        .formatted(unit, layer, type);
  }

  @Test
  void status_noDaemon_saysSo() throws IOException, InterruptedException {
    try (ScratchFolder nowhere = ScratchFolder.create("asterism-nobody")) {
      assertThat(
              Asterism.command("status", "--admin-address")
                  .with(nowhere.path().resolve("admin.sock").toString())
                  .run()
                  .errorText())
          .startsWith("asterism: ")
          .contains("admin.sock");
    }
  }
}
