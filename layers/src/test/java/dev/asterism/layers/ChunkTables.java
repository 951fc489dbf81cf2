package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Chunk tables for tests, without a blob.
final class ChunkTables {
  private ChunkTables() {}

  /// Returns the digest that stands for `name` in these tables.
  static Digest digest(String name) {
    return Digest.of(name.getBytes(StandardCharsets.UTF_8));
  }

  /// Writes a table of `files` files of one chunk each, members of `memberSize` bytes one behind
  /// the other.
  static ChunkTable oneChunkFiles(Path directory, int files, int memberSize) throws IOException {
    ChunkTableBuilder builder = new ChunkTableBuilder();
    for (int i = 0; i < files; i++) {
      builder.object(
          digest("file " + i), 100, i, LayerObject.Sharing.SHARED, new Neighbourhood(i, i));
      builder.chunk((long) i * memberSize, 0, 0, 100, digest("file " + i));
      builder.count(100);
    }
    Path file = directory.resolve("chunks.idx");
    builder.write(file, (long) files * memberSize + 1000, (long) files * memberSize, true);
    return ChunkTable.open(file);
  }

  /// Returns the chunk of the `i`th file of [#oneChunkFiles].
  static LayerChunk chunkOf(ChunkTable table, int i) {
    LayerObject object = table.object(table.find(digest("file " + i)).orElseThrow());
    return table.chunk(table.chunkOf(object, 0));
  }
}
