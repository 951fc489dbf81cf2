package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.await;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Images of which a label says that everything is read.
@Tag("kernel")
@Timeout(300)
final class WholeImagesTest {
  private static final int SIZE = 50_000;

  @TempDir Path directory;

  private static Layer layer(String name, int files) {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < files; i++) {
      byte[] content = RandomTrees.content(Seeds.generator(name.hashCode() + i), SIZE);
      entries.add(file("%s/%03d".formatted(name, i), content));
    }
    return new Layer(entries);
  }

  @Test
  void mount_labelOnOneLayer_bringsAllOfTheImageInOrderAndOnce() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      LayerRequest lower = origin.add(layer("lower", 20));
      LayerRequest upper = origin.add(layer("upper", 10));

      node.mount(lower, upper.withWhole(true));

      await(() -> node.objectSizes().size() == 30);
      assertThat(origin.overlaps(lower)).isEmpty();
      assertThat(origin.overlaps(upper)).isEmpty();
      assertThat(node.service().fetchedBytes()).containsEntry(FetchClass.READ, 0L);
    }
  }

  @Test
  void mount_noLabel_bringsNothing() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      node.mount(origin.add(layer("lower", 20)), origin.add(layer("upper", 10)));

      assertThat(node.service().fetchedBytes().values()).containsOnly(0L);
      assertThat(node.objectSizes()).isEmpty();
    }
  }
}
