package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.await;
import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.testkit.layer.Entry.file;
import static dev.asterism.testkit.layer.Entry.hardLink;
import static dev.asterism.testkit.layer.Entry.whiteout;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What a container reads, from a registry that answers.
@Tag("kernel")
@Timeout(300)
final class LayerServiceTest {
  private static final byte[] BIG = RandomTrees.content(Seeds.generator(7), 700_001);

  @TempDir Path directory;

  @Test
  void read_twoLayers_showsTheUpperOne() throws Exception {
    Layer lower = Layer.of(file("a", "lower"), file("b", "gone"), file("c", "stays"));
    Layer upper = Layer.of(file("a", "upper"), whiteout("b"), hardLink("d", "a"));
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(lower), origin.add(upper));

      assertThat(cat(rootfs, "a").text()).isEqualTo("upper");
      assertThat(cat(rootfs, "b").errorText()).contains("No such file");
      assertThat(cat(rootfs, "c").text()).isEqualTo("stays");
      assertThat(cat(rootfs, "d").text()).isEqualTo("upper");
    }
  }

  @Test
  void read_sameContentInTenLayers_isOneFileWithALinkForEach() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      LayerRequest[] layers =
          IntStream.range(0, 10)
              .mapToObj(i -> origin.add(Layer.of(file("f" + i, "shared"), file("big" + i, BIG))))
              .toArray(LayerRequest[]::new);
      Path rootfs = node.mount(layers);
      origin.registry().traffic().reset();

      for (int i = 0; i < layers.length; i++) {
        assertThat(cat(rootfs, "f" + i).text()).isEqualTo("shared");
        assertThat(cat(rootfs, "big" + i).out()).isEqualTo(BIG);
      }

      await(() -> inodes(node, "cache/layers", BIG.length).size() == layers.length);
      await(() -> inodes(node, "cache/layers", "shared".length()).size() == layers.length);
      assertThat(inodes(node, "cache", BIG.length).stream().distinct()).hasSize(1);
      assertThat(inodes(node, "cache", "shared".length()).stream().distinct()).hasSize(1);
      assertThat(Arrays.stream(layers).filter(layer -> !origin.fetches(layer).isEmpty()))
          .hasSize(1);
    }
  }

  private static List<String> inodes(LazyNode node, String below, long size) throws Exception {
    return node.find(below, "-size", size + "c", "-printf", "%i\\n");
  }

  @Test
  void read_bigFileInSequence_becomesOneObjectAndItsPartsGo() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(Layer.of(file("big", BIG))));

      assertThat(cat(rootfs, "big").out()).isEqualTo(BIG);

      await(() -> node.objectSizes().equals(List.of((long) BIG.length)));
      await(() -> node.find("cache/chunks").isEmpty());
      assertThat(cat(rootfs, "big").out()).isEqualTo(BIG);
    }
  }

  @Test
  void read_daemonStopped_givesAllThatWasReadBefore() throws Exception {
    Layer layer = Layer.of(file("small", "still here"), file("big", BIG), file("never", "read"));
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(layer));
      cat(rootfs, "small").orThrow();
      cat(rootfs, "big").orThrow();
      await(() -> node.objectSizes().contains((long) BIG.length));

      node.stop();
      LazyNode.dropCaches();

      assertThat(cat(rootfs, "small").text()).isEqualTo("still here");
      assertThat(cat(rootfs, "big").out()).isEqualTo(BIG);
    }
  }
}
