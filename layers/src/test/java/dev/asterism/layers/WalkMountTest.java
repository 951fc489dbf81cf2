package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.await;
import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.layers.LazyNode.sh;
import static dev.asterism.testkit.layer.Entry.file;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.Seeds;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What comes because files are read one behind the other, as they lie in the layer.
@Tag("kernel")
@Timeout(300)
final class WalkMountTest {
  private static final byte[] KNOWN = text("known");

  @TempDir Path directory;

  private static byte[] text(String text) {
    return text.getBytes(US_ASCII);
  }

  private static byte[] content(int seed, int size) {
    byte[] bytes = new byte[size]; // which deflate makes no smaller
    Seeds.generator(seed).nextBytes(bytes);
    return bytes;
  }

  private static LayerChunk chunkOf(LayerContent content, byte[] file) {
    ChunkTable table = content.table();
    LayerObject object = table.object(table.find(Digest.of(file)).orElseThrow());
    return table.chunk(table.chunkOf(object, 0));
  }

  private static LayerContent content(LazyNode node, LayerRequest request) {
    return node.service().fetching().catalog().layer(request.layer()).orElseThrow();
  }

  /// No program reads them, but who goes through all files does.
  @Test
  void walk_comesToTheSourcesOfCompiledModules_findsThemHere() throws Exception {
    int modules = 60;
    List<Entry> files = new ArrayList<>();
    files.add(file("lib/__pycache__/known.cpython-311.pyc", KNOWN));
    files.add(file("gap", content(1, 700_000)));
    for (int i = 0; i < modules; i++) {
      files.add(file("lib/__pycache__/m%02d.cpython-311.pyc".formatted(i), "compiled " + i));
    }
    for (int i = 0; i < modules; i++) {
      files.add(file("lib/m%02d.py".formatted(i), "source %d\n".formatted(i)));
    }
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      LayerRequest request = origin.add(new Layer(files));
      Path rootfs = node.mount(request);
      assertThat(cat(rootfs, "lib/__pycache__/known.cpython-311.pyc").orThrow().out())
          .isEqualTo(KNOWN);
      LayerContent content = content(node, request);
      LayerChunk source = chunkOf(content, text("source 0\n"));
      await(() -> content.anticipation().isCompiledSource(source));

      byte[] read = sh("cat $1/lib/__pycache__/m* $1/lib/m*", rootfs.toString()).orThrow().out();

      assertThat(new String(read, US_ASCII)).endsWith("source 58\nsource 59\n");
      assertThat(node.service().fetching().scheduler().stats().requests().get(FetchClass.READ))
          .isLessThan(modules / 4);
    }
  }

  /// In an image whose layers begin with what its start needs, a walk comes to those files one by
  /// one, each somewhere else.
  @Test
  void walk_comesPastWhatTheImageHasMarked_isAWholeLayerAllTheSame() throws Exception {
    int groups = 15;
    List<Entry> files = new ArrayList<>();
    List<String> marked = new ArrayList<>();
    List<String> walk = new ArrayList<>();
    for (int i = 0; i < 5 * groups; i++) {
      marked.add("marked/" + i);
      files.add(file(marked.getLast(), text("marked " + i)));
    }
    files.add(file("gap", content(1, 1_500_000)));
    for (int i = 0; i < 11 * groups; i++) {
      files.add(file("tree/%03d".formatted(i), content(100 + i, i % 11 == 0 ? 150_000 : 20_000)));
      walk.add("tree/%03d".formatted(i));
      if (i % 11 % 2 == 1) {
        walk.add("marked/" + (5 * groups - 1 - i / 11 * 5 - i % 11 / 2));
      }
    }
    assertThat(isWholesaleAfter(new Layer(files), marked, walk)).isTrue();
  }

  /// A tool has put those files there in the order of their use.
  @Test
  void start_usesWhatTheImageHasMarkedInOrder_isNoWalk() throws Exception {
    List<Entry> files = new ArrayList<>();
    List<String> marked = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      marked.add("lib/%03d".formatted(i));
      files.add(file(marked.getLast(), content(i, 40_000)));
    }
    files.add(file("else", content(1000, 40_000)));
    assertThat(isWholesaleAfter(new Layer(files), marked, marked)).isFalse();
    assertThat(isWholesaleAfter(new Layer(files), List.of("else"), marked)).isTrue();
  }

  private boolean isWholesaleAfter(Layer layer, List<String> marked, List<String> read)
      throws Exception {
    EstargzOptions options = EstargzOptions.DEFAULT.withChunkSize(4 << 20).withPrioritized(marked);
    Path below = Files.createTempDirectory(directory, "node");
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(below, origin)) {
      LayerRequest request = origin.add(layer.estargz(options));
      List<String> words = new ArrayList<>(read);
      words.addFirst(node.mount(request).toString());
      sh("cd $1; shift; exec cat \"$@\" >/dev/null", words.toArray(String[]::new)).orThrow();
      return content(node, request).anticipation().isWholesale();
    }
  }
}
