package dev.asterism.layers;

import static dev.asterism.testkit.layer.Entry.dir;
import static dev.asterism.testkit.layer.Entry.file;
import static dev.asterism.testkit.layer.Entry.hardLink;
import static dev.asterism.testkit.layer.Entry.symlink;
import static dev.asterism.testkit.layer.Entry.whiteout;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.MemoryBlob;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.tree.TreeListing;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Tag("kernel")
@Timeout(120)
class LayerServiceTest {
  private static final byte[] BIG = RandomTrees.content(Seeds.generator(7), 300_000);

  @TempDir Path directory;

  @Test
  void read_smallAndBigFiles_givesTheLayersBytes() throws Exception {
    Layer layer =
        Layer.of(
            dir("etc"), file("etc/hosts", "127.0.0.1 localhost"), file("big", BIG), file("e", ""));
    try (LazyImage image = LazyImage.mount(directory, layer)) {
      assertThat(cat(image, "etc/hosts").text()).isEqualTo("127.0.0.1 localhost");
      assertThat(cat(image, "big").out()).isEqualTo(BIG);
      assertThat(cat(image, "e").out()).isEmpty();
    }
  }

  @Test
  void read_everyFile_isTheUnpackedTree() throws Exception {
    Layer layer = RandomTrees.plainLayer(Seeds.generator(42), 300, 4096);
    Path unpacked = Files.createDirectories(directory.resolve("unpacked"));
    Command.of(
            "tar",
            "--xattrs",
            "--xattrs-include=user.*",
            "--xattrs-include=security.*",
            "-xpf",
            "-",
            "-C",
            unpacked.toString())
        .withInput(layer.tar())
        .runOrThrow();
    try (LazyImage image = LazyImage.mount(directory, layer)) {
      assertThat(
              TreeListing.of(image.rootfs())
                  .filter(name -> !name.isEmpty())
                  .inWholeSeconds()
                  .differenceFrom(
                      TreeListing.of(unpacked).filter(name -> !name.isEmpty()).inWholeSeconds())
                  .toString())
          .isEmpty();
    }
  }

  @Test
  void read_twoLayers_showsTheUpperOne() throws Exception {
    Layer lower = Layer.of(file("a", "lower"), file("b", "gone"), file("c", "stays"));
    Layer upper = Layer.of(file("a", "upper"), whiteout("b"), hardLink("d", "a"));
    try (LazyImage image = LazyImage.mount(directory, lower, upper)) {
      assertThat(cat(image, "a").text()).isEqualTo("upper");
      assertThat(cat(image, "b").exitCode()).isNotZero();
      assertThat(cat(image, "c").text()).isEqualTo("stays");
      assertThat(cat(image, "d").text()).isEqualTo("upper");
    }
  }

  @Test
  void read_sameContentInTwoLayers_isOneFileWithALinkForEach() throws Exception {
    Layer one = Layer.of(file("a", "shared content"));
    Layer other = Layer.of(file("b", "shared content"), symlink("s", "b"));
    try (LazyImage image = LazyImage.mount(directory, one, other)) {
      cat(image, "a");

      Outcome links =
          Command.of("find", image.root() + "/cache", "-type", "f", "-links", "+3").runOrThrow();
      assertThat(links.text().lines().filter(line -> line.contains("/layers/"))).hasSize(2);
    }
  }

  @Test
  void read_bigFileWhole_becomesOneObjectAndItsPartsGo() throws Exception {
    try (LazyImage image = LazyImage.mount(directory, Layer.of(file("big", BIG)))) {
      cat(image, "big");
      image.unmountOverlay();

      Path parts = image.root().resolve("cache/chunks");
      await(() -> Command.of("find", parts.toString(), "-type", "f").runOrThrow().text().isEmpty());
      Outcome objects =
          Command.of("find", image.root() + "/cache/objects", "-type", "f", "-size", "+200k")
              .runOrThrow();
      assertThat(objects.text().lines()).hasSize(1);
    }
  }

  @Test
  void read_daemonStopped_whatWasReadIsReadAgain() throws Exception {
    Layer layer = Layer.of(file("small", "still here"), file("big", BIG));
    LazyImage image = LazyImage.mount(directory, layer);
    try {
      cat(image, "small");
      cat(image, "big");
      image.unmountOverlay();
      image.mountOverlay();
      await(() -> !objects(image, "+200k").isEmpty());
      image.stop();
      Command.of("sh", "-c", "sync; echo 3 > /proc/sys/vm/drop_caches").runOrThrow();

      assertThat(cat(image, "small").text()).isEqualTo("still here");
      assertThat(cat(image, "big").out()).isEqualTo(BIG);
    } finally {
      image.start();
      image.close();
    }
  }

  @Test
  void read_flippedByte_failsWithEioAndSharesNothing() throws Exception {
    Layer layer = Layer.of(file("victim", RandomTrees.content(Seeds.generator(1), 3000)));
    byte[] damaged = layer.estargz().blob().bytes().clone();
    for (int at = 600; at < 620; at++) {
      damaged[at] ^= 0x55;
    }
    try (LazyImage image = LazyImage.prepared(directory, layer)) {
      image.replace(0, new MemoryBlob(damaged));
      image.mountOverlay();

      Outcome read = cat(image, "victim");
      assertThat(read.exitCode()).isNotZero();
      assertThat(read.errorText()).contains("Input/output error");
      assertThat(objects(image, "+0")).isEmpty();
    }
  }

  private static String objects(LazyImage image, String size) throws Exception {
    return Command.of("find", image.root() + "/cache/objects", "-type", "f", "-size", size)
        .runOrThrow()
        .text();
  }

  private static Outcome cat(LazyImage image, String file) throws Exception {
    return Command.of("cat", image.rootfs().resolve(file).toString()).run();
  }

  /// Waits for something that another thread does behind a read.
  private static void await(Condition condition) throws Exception {
    while (!condition.holds()) {
      Thread.onSpinWait();
    }
  }

  private interface Condition {
    boolean holds() throws Exception;
  }
}
