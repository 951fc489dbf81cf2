package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeIndexTest {
  private static final int LAYERS = 40;
  private static final int FILES = 150;

  @TempDir Path directory;

  /// What the index answers is what looking through every table would answer, whatever was mounted
  /// and unmounted before. Of the digests many share a node: with another lowest bit of the first
  /// word, or another last word.
  @Test
  void collides_layersComeAndGo_isWhatAllTablesSay() throws IOException {
    Random random = new Random(7);
    List<Digest> pool = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      Digest digest = ChunkTables.digest("content " + i);
      pool.add(digest);
      if (i % 20 == 0) {
        pool.add(new Digest(digest.a() ^ 1, digest.b(), digest.c(), digest.d()));
        pool.add(new Digest(digest.a(), digest.b(), digest.c(), digest.d() + 1));
      }
    }
    NodeIndex index = new NodeIndex();
    Map<Integer, ChunkTable> mounted = new HashMap<>();

    for (int step = 0; step < 3 * LAYERS; step++) {
      int layer = random.nextInt(LAYERS);
      if (mounted.remove(layer) != null) {
        index.removed();
      } else {
        ChunkTable table = table(directory.resolve("table-" + step), pick(pool, random));
        mounted.put(layer, table);
        index.add(table);
      }

      for (int i = 0; i < FILES; i++) {
        Digest asked = pool.get(random.nextInt(pool.size()));
        assertThat(index.collides(asked, () -> mounted.values().stream()))
            .as("step %d, %s", step, asked)
            .isEqualTo(isOtherListed(asked, mounted));
      }
    }
  }

  private static boolean isOtherListed(Digest asked, Map<Integer, ChunkTable> mounted) {
    for (ChunkTable table : mounted.values()) {
      for (int i = 0; i < table.objects(); i++) {
        if (table.node(i) == NodeIds.of(asked) && !table.digest(i).equals(asked)) {
          return true;
        }
      }
    }
    return false;
  }

  private static List<Digest> pick(List<Digest> pool, Random random) {
    TreeSet<Digest> picked = new TreeSet<>();
    while (picked.size() < FILES) {
      picked.add(pool.get(random.nextInt(pool.size())));
    }
    return List.copyOf(picked);
  }

  private static ChunkTable table(Path file, List<Digest> contents) throws IOException {
    ChunkTableBuilder builder = new ChunkTableBuilder();
    for (int i = 0; i < contents.size(); i++) {
      builder.object(contents.get(i), 1, i, LayerObject.Sharing.SHARED, new Neighbourhood(0, 0));
      builder.chunk(i, 0, 0, 1, contents.get(i));
      builder.count(1);
    }
    builder.write(file, contents.size() + 1000L, contents.size(), true);
    return ChunkTable.open(file);
  }
}
