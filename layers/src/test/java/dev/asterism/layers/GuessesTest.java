package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.await;
import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What comes because it stands near what was used.
@Tag("kernel")
@Timeout(300)
final class GuessesTest {
  private static final byte[] USED = content(1, 5_000);
  private static final byte[] BESIDE = content(2, 5_001);
  private static final byte[] KIN = content(3, 5_002);
  private static final byte[] DEAR = content(4, 100_000);
  private static final byte[] STRANGER = content(5, 5_003);

  /// What is read along the blob reaches over none of the gaps.
  private static final Layer LAYER =
      Layer.of(
          file("package/one/cache/used", USED),
          file("gap1", content(6, 700_001)),
          file("package/one/cache/dear", DEAR),
          file("gap2", content(7, 700_002)),
          file("package/two/cache/kin", KIN),
          file("gap3", content(8, 700_003)),
          file("package/two/other/stranger", STRANGER),
          file("gap4", content(9, 700_004)),
          file("package/one/cache/beside", BESIDE));

  @TempDir Path directory;

  private static byte[] content(long seed, int size) {
    return RandomTrees.content(Seeds.generator(seed), size);
  }

  private static boolean has(LazyNode node, byte[] content) throws Exception {
    return !node.find("cache", "-name", Digest.of(content).hex()).isEmpty();
  }

  @Test
  void use_ofASmallFile_bringsItsDirectoryAndThatOnesKin() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin, LazyNode.PATIENT, StartPolicy.NOTHING)) {
      Path rootfs = node.mount(origin.add(LAYER));

      assertThat(cat(rootfs, "package/one/cache/used").orThrow().out()).isEqualTo(USED);

      await(() -> has(node, BESIDE) && has(node, KIN));
      assertThat(has(node, DEAR)).isFalse();
      assertThat(has(node, STRANGER)).isFalse();
      assertThat(node.service().fetching().scheduler().stats().requests())
          .containsEntry(FetchClass.GUESS, 2L);
    }
  }

  @Test
  void read_hereAndThereInALargeFile_bringsMoreOfItEachTime() throws Exception {
    int chunk = 256 << 10;
    byte[] program = content(10, 12 * chunk);
    Layer.EstargzBlob layer =
        Layer.of(file("program", program)).estargz(EstargzOptions.DEFAULT.withChunkSize(chunk));
    FetchPolicy large =
        new FetchPolicy(64 << 10, 1 << 20, 8 << 20, 8 * chunk, Duration.ofSeconds(60));
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin, large, StartPolicy.NOTHING)) {
      LayerRequest request = origin.add(layer);
      Path rootfs = node.mount(request);
      Fetching fetching = node.service().fetching();
      LayerContent content = fetching.catalog().layer(request.layer()).orElseThrow();
      LayerObject object = content.table().object(0);
      int[] expected = {0, 1, 3, 6};
      int[] places = {0, 6, 3, 10}; // the second brings the seventh, the third 2 and 4, and so on

      try (ObjectReader reader = new ObjectReader(object.digest(), object.size(), fetching)) {
        for (int i = 0; i < places.length; i++) {
          int number = content.table().chunkOf(object, places[i]);
          assertThat(content.isMissing(number)).as("chunk %d", places[i]).isTrue();
          byte[] bytes = new byte[10];
          MemorySegment into = MemorySegment.ofArray(bytes);
          reader.read((long) places[i] * chunk, new SegmentBuffer(into));
          int known = 1 + i + 1 + expected[i]; // the last came with the first
          await(() -> missing(content, object) == object.chunks() - known);
        }
      }
      assertThat(cat(rootfs, "program").orThrow().out()).isEqualTo(program);
    }
  }

  /// A quarter of a chunk, a half, and so on, up to the eight chunks that are allowed; a chunk
  /// comes whole.
  @Test
  void read_inSequenceOfALargeFile_fetchesAheadMoreEachTime() throws Exception {
    int chunk = 256 << 10;
    Layer.EstargzBlob layer =
        Layer.of(file("film", content(11, 24 * chunk)))
            .estargz(EstargzOptions.DEFAULT.withChunkSize(chunk));
    FetchPolicy policy =
        new FetchPolicy(chunk / 4, chunk / 4, 8 << 20, 8 * chunk, Duration.ofSeconds(60));
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin, policy, StartPolicy.NOTHING)) {
      LayerRequest request = origin.add(layer);
      node.mount(request);
      Fetching fetching = node.service().fetching();
      LayerContent content = fetching.catalog().layer(request.layer()).orElseThrow();
      LayerObject object = content.table().object(0);

      try (ObjectReader reader = new ObjectReader(object.digest(), object.size(), fetching)) {
        int[] ahead = {0, 1, 1, 1, 2, 4, 8, 8};
        for (int position = 0; position < ahead.length; position++) {
          reader.read(
              (long) position * chunk, new SegmentBuffer(MemorySegment.ofArray(new byte[10])));
          int last = position + ahead[position];
          await(() -> here(content, object) > last);
          assertThat(here(content, object)).as("after chunk %d", position).isEqualTo(last + 1);
        }

        // Whoever jumps reads in no sequence any more: what was asked for ahead begins again.
        reader.read(18L * chunk, new SegmentBuffer(MemorySegment.ofArray(new byte[10])));
        reader.read(19L * chunk, new SegmentBuffer(MemorySegment.ofArray(new byte[10])));
        await(() -> !content.isMissing(content.table().chunkOf(object, 20)));
        assertThat(content.isMissing(content.table().chunkOf(object, 21))).isTrue();
      }
    }
  }

  /// Returns how many chunks of an object are here from its first one on, without a gap.
  private static int here(LayerContent layer, LayerObject object) {
    int position = 0;
    while (position < object.chunks()
        && !layer.isMissing(layer.table().chunkOf(object, position))) {
      position++;
    }
    return position;
  }

  private static long missing(LayerContent layer, LayerObject object) {
    return IntStream.range(0, object.chunks())
        .map(position -> layer.table().chunkOf(object, position))
        .filter(layer::isMissing)
        .count();
  }

  @Test
  void use_ofALargeFile_saysNothing() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin, LazyNode.PATIENT, StartPolicy.NOTHING)) {
      Path rootfs = node.mount(origin.add(LAYER));

      assertThat(cat(rootfs, "gap1").orThrow().out()).hasSize(700_001);

      assertThat(node.service().fetching().scheduler().stats().requests())
          .containsEntry(FetchClass.GUESS, 0L);
    }
  }
}
