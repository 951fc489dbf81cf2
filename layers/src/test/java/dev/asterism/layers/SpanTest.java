package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.ByteRange;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpanTest {
  @TempDir Path directory;

  @Test
  void plan_missingNeighbours_takesThemUpToTheWindow() throws Exception {
    ChunkTable table = ChunkTables.oneChunkFiles(directory, 100, 1000);

    Span span = Span.plan(table, ChunkTables.chunkOf(table, 10), 5500, _ -> true);

    assertThat(span.range()).isEqualTo(new ByteRange(10_000, 15_000));
    assertThat(numbers(span)).containsExactly(10, 11, 12, 13, 14);
  }

  @Test
  void plan_neighboursThatAreHere_leavesThemOutAndJoinsAcrossASmallGap() throws Exception {
    ChunkTable table = ChunkTables.oneChunkFiles(directory, 100, 1000);

    Span span = Span.plan(table, ChunkTables.chunkOf(table, 0), 10_000, n -> n > 7);

    assertThat(numbers(span)).containsExactly(0, 8, 9);
    assertThat(span.range()).isEqualTo(new ByteRange(0, 10_000));
  }

  @Test
  void plan_nothingElseMissing_endsBehindTheAskedMember() throws Exception {
    ChunkTable table = ChunkTables.oneChunkFiles(directory, 100, 1000);

    Span span = Span.plan(table, ChunkTables.chunkOf(table, 3), 1 << 20, _ -> false);

    assertThat(span.range()).isEqualTo(new ByteRange(3000, 4000));
  }

  @Test
  void plan_aLargeGap_endsBeforeIt() throws Exception {
    ChunkTable table = ChunkTables.oneChunkFiles(directory, 100, 40_000);

    Span span = Span.plan(table, ChunkTables.chunkOf(table, 0), 1 << 20, n -> n > 2);

    assertThat(span.range()).isEqualTo(new ByteRange(0, 40_000));
  }

  @Test
  void plan_memberLargerThanTheWindow_takesItWhole() throws Exception {
    ChunkTable table = ChunkTables.oneChunkFiles(directory, 10, 50_000);

    Span span = Span.plan(table, ChunkTables.chunkOf(table, 9), 10, _ -> true);

    assertThat(span.range()).isEqualTo(new ByteRange(450_000, 500_000));
  }

  @Test
  void plan_memberOfManyChunks_takesAllThatAreMissing() throws Exception {
    ChunkTableBuilder builder = new ChunkTableBuilder();
    for (int i = 0; i < 5; i++) {
      builder.object(ChunkTables.digest("f" + i), 10, i, LayerObject.Sharing.SHARED);
      builder.chunk(100, i * 512L, 0, 10, ChunkTables.digest("f" + i));
    }
    builder.write(directory.resolve("t"), 9000, 8000, true);
    ChunkTable table = ChunkTable.open(directory.resolve("t"));

    Span span = Span.plan(table, table.chunk(3), 1 << 20, n -> n != 1);

    assertThat(numbers(span)).containsExactly(0, 2, 3, 4);
  }

  @Test
  void plan_hostileGapBehindAMember_isNotDownloaded() throws Exception {
    ChunkTableBuilder builder = new ChunkTableBuilder();
    builder.object(ChunkTables.digest("f"), 10, 0, LayerObject.Sharing.SHARED);
    builder.chunk(0, 0, 0, 10, ChunkTables.digest("f"));
    builder.write(directory.resolve("t"), 1L << 40, 1L << 39, true);
    ChunkTable table = ChunkTable.open(directory.resolve("t"));

    Span span = Span.plan(table, table.chunk(0), 1 << 20, _ -> true);

    assertThat(span.range().length()).isLessThan(2 << 20);
  }

  private static List<Integer> numbers(Span span) {
    return span.chunks().stream().map(LayerChunk::number).toList();
  }
}
