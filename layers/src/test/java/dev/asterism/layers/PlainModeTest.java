package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.CacheSettings;
import dev.asterism.cache.DirectoryCacheConfig;
import dev.asterism.cache.StoreProgress;
import dev.asterism.cache.VerifyOptions;
import dev.asterism.content.Digest;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `enable_hardlink = false`: each layer has its own copies.
@Tag("kernel")
@Timeout(300)
final class PlainModeTest {
  private static final CacheSettings PLAIN =
      CacheSettings.DEFAULT.withConfig(DirectoryCacheConfig.plain());
  private static final byte[] BIG = RandomTrees.content(Seeds.generator(7), 700_001);

  @TempDir Path directory;

  private LazyNode start(Origin origin) throws Exception {
    return LazyNode.start(directory, origin, LazyNode.PATIENT, PLAIN, InstantSource.system());
  }

  private static List<String> own(LazyNode node, long size) throws Exception {
    return node.find("cache/own", "-size", size + "c", "-printf", "%i %n\\n");
  }

  @Test
  void read_sameContentInTwoLayers_isACopyForEachThatWasRead() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = start(origin)) {
      Path rootfs =
          node.mount(
              origin.add(Layer.of(file("a", "content"))),
              origin.add(Layer.of(file("b", "content"))));

      assertThat(cat(rootfs, "a").text()).isEqualTo("content");
      assertThat(cat(rootfs, "b").text()).isEqualTo("content");

      assertThat(own(node, "content".length())).hasSize(2).allMatch(line -> line.endsWith(" 1"));
      assertThat(node.find("cache/objects")).isEmpty();
      assertThat(node.find("cache/fresh")).isEmpty();
    }
  }

  @Test
  void read_bigFile_becomesOneFileAndItsPartsGo() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = start(origin)) {
      Path rootfs = node.mount(origin.add(Layer.of(file("big", BIG))));

      assertThat(cat(rootfs, "big").out()).isEqualTo(BIG);
      LazyNode.await(() -> own(node, BIG.length).size() == 1);
      LazyNode.await(() -> node.find("cache/own").size() == 1);
      assertThat(cat(rootfs, "big").out()).isEqualTo(BIG);
      assertThat(node.service().store().verify(VerifyOptions.FULL, StoreProgress.NONE).findings())
          .isEmpty();
    }
  }

  @Test
  void read_daemonStoppedAndMountedAnew_needsNoDaemon() throws Exception {
    Layer layer = Layer.of(file("small", "still here"), file("big", BIG));
    try (Origin origin = Origin.start();
        LazyNode node = start(origin)) {
      LayerRequest request = origin.add(layer);
      Path first = node.mount(request);
      cat(first, "small").orThrow();
      cat(first, "big").orThrow();
      LazyNode.await(() -> own(node, BIG.length).size() == 1);
      Path again = node.mount(request);

      node.stop();
      LazyNode.dropCaches();

      assertThat(cat(again, "small").text()).isEqualTo("still here");
      assertThat(cat(again, "big").out()).isEqualTo(BIG);
    }
  }

  @Test
  void read_afterEverythingWasEvicted_isRight() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = start(origin)) {
      Path rootfs = node.mount(origin.add(Layer.of(file("small", "again"), file("big", BIG))));
      for (int i = 0; i < 3; i++) {
        assertThat(cat(rootfs, "small").text()).isEqualTo("again");
        assertThat(cat(rootfs, "big").out()).isEqualTo(BIG);
        node.service().store().evict(Long.MAX_VALUE);
        LazyNode.dropCaches();
      }
      assertThat(node.service().store().budget().evictedObjects()).isPositive();
    }
  }

  @Test
  void start_otherMode_usesNothingOfTheFormer() throws Exception {
    Path root = directory.resolve("root");
    try (Origin origin = Origin.start()) {
      LayerRequest request = origin.add(Layer.of(file("small", "both ways"), file("big", BIG)));
      try (LazyNode node = LazyNode.start(directory, origin)) {
        Path rootfs = node.mount(request);
        assertThat(cat(rootfs, "small").text()).isEqualTo("both ways");
      }
      try (LazyNode node = start(origin)) {
        Path rootfs = node.mount(request);
        assertThat(cat(rootfs, "small").text()).isEqualTo("both ways");
        assertThat(cat(rootfs, "big").out()).isEqualTo(BIG);
        LazyNode.await(() -> node.find("cache/layers").isEmpty());
      }
      try (LazyNode node = LazyNode.start(directory, origin)) {
        Path rootfs = node.mount(request);
        assertThat(cat(rootfs, "small").text()).isEqualTo("both ways");
        assertThat(cat(rootfs, "big").out()).isEqualTo(BIG);
        LazyNode.await(() -> own(node, BIG.length).isEmpty());
      }
    }
    assertThat(Files.exists(root)).isTrue();
  }

  /// A container that was started in the other mode asks with that one's paths.
  @Test
  void gate_pathsOfEitherMode_areAnsweredInBoth() throws Exception {
    String hex = Digest.of("content".getBytes(StandardCharsets.UTF_8)).hex();
    String shared = hex.substring(0, 2) + "/" + hex;
    try (Origin origin = Origin.start()) {
      LayerRequest request = origin.add(Layer.of(file("a", "content")));
      String own = request.layer().hex() + "/" + shared;
      try (LazyNode node = LazyNode.start(directory, origin)) {
        node.mount(request);
        assertThat(cat(node.root().resolve("fs/gate"), own).text()).isEqualTo("content");
      }
      try (LazyNode node = start(origin)) {
        node.mount(request);
        assertThat(cat(node.root().resolve("fs/gate"), shared).text()).isEqualTo("content");
        assertThat(cat(node.root().resolve("fs/gate"), own).text()).isEqualTo("content");
      }
    }
  }
}
