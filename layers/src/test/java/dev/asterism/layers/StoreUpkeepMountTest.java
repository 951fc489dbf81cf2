package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.layers.LazyNode.sh;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.Finding;
import dev.asterism.cache.StoreProgress;
import dev.asterism.cache.VerifyOptions;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The store's upkeep under a real mount.
@Tag("kernel")
@Timeout(300)
final class StoreUpkeepMountTest {
  private static final byte[] BIG = RandomTrees.content(Seeds.generator(7), 700_001);

  @TempDir Path directory;

  /// Truncated and overwritten files are what the kernel cannot notice: verification does.
  @Test
  void verify_objectsOverwrittenAndCutShort_fetchesThemAgain() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs =
          node.mount(
              origin.add(Layer.of(file("a", "right"), file("b", "as well"), file("big", BIG))));
      cat(rootfs, "a").orThrow();
      cat(rootfs, "b").orThrow();
      cat(rootfs, "big").orThrow();
      LazyNode.await(() -> node.objectSizes().contains((long) BIG.length));
      sh(
              """
              cd "$1/cache/objects"
              find . -type f -size 5c | while read f; do printf wrong > "$f"; done
              find . -type f -size +100k | while read f; do truncate -s 1000 "$f"; done
              """,
              node.root().toString())
          .orThrow();

      List<Finding> findings =
          node.service()
              .store()
              .verify(VerifyOptions.FULL.withRepair(), StoreProgress.NONE)
              .findings();

      assertThat(findings).filteredOn(Finding.WrongBytes.class::isInstance).hasSize(2);
      LazyNode.await(() -> node.objectSizes().size() == 3);
      node.assertStoreIsRight();
      node.unmount(rootfs);
      LazyNode.dropCaches();
      Path again = node.mount(node.requests().toArray(LayerRequest[]::new));
      assertThat(cat(again, "a").text()).isEqualTo("right");
      assertThat(cat(again, "big").out()).isEqualTo(BIG);
    }
  }

  @Test
  void complete_fileThatTwoMountedLayersList_leavesNoPartOfIt() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs =
          node.mount(
              origin.add(Layer.of(file("one", BIG))),
              origin.add(Layer.of(file("two", BIG), file("other", "x"))));
      sh(
              "head -c 20000 \"$1/two\" > /dev/null; cat \"$1/one\" \"$1/two\" > /dev/null",
              rootfs.toString())
          .orThrow();

      LazyNode.await(() -> node.objectSizes().contains((long) BIG.length));
      LazyNode.await(() -> node.find("cache/chunks").isEmpty());
      LazyNode.await(() -> node.find("cache/layers", "-size", BIG.length + "c").size() == 2);
      assertThat(cat(rootfs, "two").out()).isEqualTo(BIG);
    }
  }
}
