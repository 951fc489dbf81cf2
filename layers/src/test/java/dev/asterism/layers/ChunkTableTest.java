package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChunkTableTest {
  @TempDir Path directory;

  @Test
  void find_everyDigest_givesItsObject() throws Exception {
    ChunkTable table = ChunkTables.oneChunkFiles(directory, 3000, 10);

    for (int i = 0; i < 3000; i++) {
      LayerObject object = table.object(table.find(ChunkTables.digest("file " + i)).orElseThrow());
      assertThat(object.entry()).isEqualTo(i);
      assertThat(ChunkTables.chunkOf(table, i).member()).isEqualTo(ByteRange.ofLength(i * 10L, 10));
    }
    assertThat(table.find(ChunkTables.digest("no such file"))).isEmpty();
    assertThat(table.usage()).isEqualTo(new LayerUsage(300_000, 3000));
    assertThat(table.verified()).isTrue();
  }

  @Test
  void release_afterALook_isNoMemoryOfThisProcessUntilItIsReadAgain() throws Exception {
    ChunkTable table = ChunkTables.oneChunkFiles(directory, 3000, 10);
    assertThat(resident()).isGreaterThan(3000L * ChunkTable.OBJECT);

    table.release();

    assertThat(resident()).isZero();
    assertThat(table.find(ChunkTables.digest("file 1234"))).isPresent();
    assertThat(table.node(7)).isEqualTo(NodeIds.of(table.digest(7)));
    assertThat(resident()).isPositive();
  }

  /// Returns the bytes of this test's tables that are in memory: `Rss` of smaps, proc(5).
  private long resident() throws Exception {
    List<String> lines = Files.readAllLines(Path.of("/proc/self/smaps"));
    long bytes = 0;
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains(directory.toString() + "/")) {
        String rss =
            lines.subList(i, lines.size()).stream()
                .filter(line -> line.startsWith("Rss:"))
                .findFirst()
                .orElseThrow();
        bytes += Long.parseLong(rss.replaceAll("\\D", "")) << 10; // from KiB
      }
    }
    return bytes;
  }

  @Test
  void write_sameContentTwice_keepsTheFirst() throws Exception {
    ChunkTableBuilder builder = new ChunkTableBuilder();
    for (int entry : new int[] {5, 9}) {
      builder.object(
          ChunkTables.digest("twice"),
          7,
          entry,
          LayerObject.Sharing.SHARED,
          new Neighbourhood(0, 0));
      builder.chunk(entry * 100L, 0, 0, 7, ChunkTables.digest("twice"));
    }
    builder.write(directory.resolve("t"), 2000, 1500, false);
    ChunkTable table = ChunkTable.open(directory.resolve("t"));

    assertThat(table.objects()).isEqualTo(1);
    assertThat(table.object(0).entry()).isEqualTo(5);
    assertThat(table.chunk(0).member()).isEqualTo(new ByteRange(500, 900));
    assertThat(table.verified()).isFalse();
  }

  @Test
  void neighbours_ofScatteredFiles_areListedByDirectoryAndKin() throws Exception {
    ChunkTableBuilder builder = new ChunkTableBuilder();
    for (int i = 0; i < 60; i++) { // three directories, the first and the last of one kin
      builder.object(
          ChunkTables.digest("file " + i),
          100,
          i,
          LayerObject.Sharing.SHARED,
          new Neighbourhood(i % 3, i % 3 == 1 ? 1 : 0));
      builder.chunk(i * 10L, 0, 0, 100, ChunkTables.digest("file " + i));
    }
    builder.write(directory.resolve("t"), 2000, 600, true);
    ChunkTable table = ChunkTable.open(directory.resolve("t"));

    for (int i = 0; i < 60; i++) {
      int rest = i % 3;
      assertThat(numbers(table, table.directoryOf(table.chunk(i))))
          .hasSize(20)
          .isSorted()
          .allMatch(number -> number % 3 == rest);
      assertThat(numbers(table, table.kinOf(table.chunk(i)))).hasSize(rest == 1 ? 20 : 40);
    }
  }

  private static List<Integer> numbers(ChunkTable table, ChunkTable.Run run) {
    return IntStream.range(run.from(), run.to()).map(table::neighbour).boxed().toList();
  }

  @Test
  void write_oneDigestOfTwoSizes_isRefused() {
    ChunkTableBuilder builder = new ChunkTableBuilder();
    for (int size : new int[] {7, 8}) {
      builder.object(
          ChunkTables.digest("liar"),
          size,
          size,
          LayerObject.Sharing.SHARED,
          new Neighbourhood(0, 0));
      builder.chunk(size * 100L, 0, 0, size, ChunkTables.digest("liar"));
    }

    assertThatThrownBy(() -> builder.write(directory.resolve("t"), 2000, 1500, true))
        .isInstanceOf(MalformedLayerException.class)
        .hasMessageContaining("entries 7 and 8");
  }

  @Test
  void chunks_ofAFileInAnotherOrderThanTheBlob_areInFileOrder() throws Exception {
    ChunkTableBuilder builder = new ChunkTableBuilder();
    builder.object(
        ChunkTables.digest("big"), 30, 0, LayerObject.Sharing.SHARED, new Neighbourhood(0, 0));
    builder.chunk(900, 0, 0, 10, ChunkTables.digest("c0"));
    builder.chunk(100, 0, 10, 10, ChunkTables.digest("c1"));
    builder.chunk(100, 10, 20, 10);
    builder.write(directory.resolve("t"), 2000, 1500, true);
    ChunkTable table = ChunkTable.open(directory.resolve("t"));
    LayerObject big = table.object(0);

    assertThat(table.chunkOf(big, 0)).isEqualTo(2);
    assertThat(table.chunk(table.chunkOf(big, 1)).digest()).contains(ChunkTables.digest("c1"));
    assertThat(table.chunk(table.chunkOf(big, 2)).digest()).isEqualTo(Optional.<Digest>empty());
    assertThat(table.chunk(0).member()).isEqualTo(new ByteRange(100, 900));
    assertThat(table.chunk(2).member()).isEqualTo(new ByteRange(900, 1500));
    assertThat(table.positionOf(big, 0)).isZero();
    assertThat(table.positionOf(big, 19)).isEqualTo(1);
    assertThat(table.positionOf(big, 29)).isEqualTo(2);
  }

  @Test
  void open_anyByteFlipped_isRefused() throws Exception {
    ChunkTables.oneChunkFiles(directory, 3, 10);
    byte[] whole = Files.readAllBytes(directory.resolve("chunks.idx"));

    for (int at = ChunkTable.HEADER; at < whole.length; at += 7) {
      byte[] damaged = whole.clone();
      damaged[at] ^= 1;
      Path file = Files.write(directory.resolve("damaged"), damaged);
      assertThatThrownBy(() -> ChunkTable.open(file)).isInstanceOf(MalformedLayerException.class);
    }
  }

  @Test
  void open_shortFile_isRefused() throws Exception {
    ChunkTables.oneChunkFiles(directory, 3, 10);
    byte[] whole = Files.readAllBytes(directory.resolve("chunks.idx"));

    for (int size : new int[] {0, 8, 63, 64, whole.length - 1}) {
      Path file = Files.write(directory.resolve("short"), Arrays.copyOf(whole, size));
      assertThatThrownBy(() -> ChunkTable.open(file)).isInstanceOf(MalformedLayerException.class);
    }
  }

  @Test
  void lowerBound_ofANode_startsAtItsObjects() throws Exception {
    ChunkTable table = ChunkTables.oneChunkFiles(directory, 100, 10);

    for (int index = 0; index < table.objects(); index++) {
      long node = NodeIds.of(table.object(index).digest());
      assertThat(table.lowerBound(NodeIds.lowest(node))).isEqualTo(index);
    }
  }
}
