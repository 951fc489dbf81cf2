package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.CachedChunk.Source;
import dev.asterism.layers.LayerRequest.Verification;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A layer that is mounted without verification: what it brings is its own.
@Tag("kernel")
@Timeout(300)
final class UnverifiedLayerTest {
  private static final byte[] BIG = RandomTrees.content(Seeds.generator(7), 700_001);

  @TempDir Path directory;

  private static LayerRequest unverified(LayerRequest request) {
    return new LayerRequest(
        request.image(), request.layer(), Optional.empty(), Verification.SKIPPED);
  }

  @Test
  void read_twice_comesFromTheLayersOwnFilesAndNothingIsShared() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs =
          node.mount(unverified(origin.add(Layer.of(file("small", "mine"), file("big", BIG)))));
      assertThat(cat(rootfs, "small").text()).isEqualTo("mine");
      assertThat(cat(rootfs, "big").out()).isEqualTo(BIG);
      int asked = origin.asked();

      node.unmount(rootfs);
      LazyNode.dropCaches();
      Path again = node.mount(node.requests().toArray(LayerRequest[]::new));
      assertThat(cat(again, "small").text()).isEqualTo("mine");
      assertThat(cat(again, "big").out()).isEqualTo(BIG);

      assertThat(origin.asked()).isEqualTo(asked);
      assertThat(node.service().store().hits().get(Source.KEY)).isPositive();
      assertThat(node.find("cache/layers")).isNotEmpty();
      assertThat(node.find("cache/objects")).isEmpty();
      assertThat(node.find("cache/chunks")).isEmpty();
    }
  }

  /// The daemon after the next does not know what the files of the first hold.
  @Test
  void read_afterARestart_isFetchedAgain() throws Exception {
    try (Origin origin = Origin.start()) {
      LayerRequest request = unverified(origin.add(Layer.of(file("small", "mine"))));
      for (int run = 0; run < 2; run++) {
        try (LazyNode node = LazyNode.start(directory, origin)) {
          Path rootfs = node.mount(request);
          int asked = origin.asked();
          assertThat(cat(rootfs, "small").text()).isEqualTo("mine");
          assertThat(origin.asked()).isGreaterThan(asked);
        }
      }
    }
  }

  @Test
  void read_itsFilesWereCleanedAway_isFetchedAgain() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(unverified(origin.add(Layer.of(file("big", BIG)))));
      assertThat(cat(rootfs, "big").out()).isEqualTo(BIG);
      node.service().store().evict(Long.MAX_VALUE);
      assertThat(node.find("cache/layers")).isEmpty();
      LazyNode.dropCaches();
      assertThat(cat(rootfs, "big").out()).isEqualTo(BIG);
    }
  }
}
