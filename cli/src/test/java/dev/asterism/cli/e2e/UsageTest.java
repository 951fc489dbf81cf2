package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.estargz.Annotations;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What containerd, and kubelet behind it, are told of the disk.
@Tag("kernel")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class UsageTest {
  private static final byte[] SHARED = RandomTrees.content(Seeds.generator(31), 900_000);

  private static TestLayer layer(int seed) {
    Layer.EstargzBlob blob =
        Layer.of(
                Entry.file("srv/shared", SHARED),
                Entry.file("srv/own" + seed, RandomTrees.content(Seeds.generator(seed), 400_000)))
            .estargz(EstargzOptions.DEFAULT);
    return TestLayer.gzip(blob.bytes())
        .annotated(Annotations.TOC_DIGEST, blob.tocDigest().toString());
  }

  private static long usage(TestNode node) throws IOException, InterruptedException {
    return node.snapshots("usage", "-b")
        .runOrThrow()
        .text()
        .lines()
        .skip(1)
        .mapToLong(line -> Long.parseLong(line.strip().split("\\s+", 3)[1]))
        .sum();
  }

  private static long disk(TestNode node, String... directories)
      throws IOException, InterruptedException {
    long bytes = 0;
    for (String directory : directories) {
      String text =
          Command.of("sh", "-c")
              .with("find \"$1\" -type f -printf '%i %b\\n' | sort -u", "sh")
              .with(node.root().resolve(directory).toString())
              .runOrThrow()
              .text();
      for (String line : text.lines().toList()) {
        bytes += 512 * Long.parseLong(line.substring(line.indexOf(' ') + 1));
      }
    }
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void usage_ofAllSnapshots_isWhatIsOnTheDiskAndLessWhenAnImageGoes(boolean shared)
      throws IOException, InterruptedException {
    String store = shared ? "cache/objects" : "cache/own";
    try (TestRegistry registry = TestRegistry.start();
        TestNode node =
            TestNode.start("[directory_cache]\nenable_hardlink = %s\n".formatted(shared))) {
      String one =
          registry.reference(
              registry.image("usage/one", "1", ImageConfig.running("/"), List.of(layer(1))));
      String two =
          registry.reference(
              registry.image("usage/two", "1", ImageConfig.running("/"), List.of(layer(2))));
      node.pull(one);
      node.pull(two);
      long content = 2 * 400_000L + (shared ? 1L : 2L) * SHARED.length;
      while (disk(node, store, "cache/chunks") < content) {
        Thread.sleep(100); // the test's own time limit ends this
      }
      while (Math.abs(usage(node) - disk(node, store, "cache/chunks", "layers")) > 20_000) {
        Thread.sleep(100); // what is told may be some seconds old
      }
      long before = usage(node);
      assertThat(before).isBetween(content, content + 400_000L);

      node.removeImage(two);
      node.collectGarbage();

      long left = 400_000L + SHARED.length;
      while (usage(node) < left || usage(node) > before - 390_000) {
        Thread.sleep(100); // as before: the rest is the other image's alone only now
      }
    }
  }
}
