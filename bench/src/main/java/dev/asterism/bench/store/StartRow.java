package dev.asterism.bench.store;

import dev.asterism.cache.CacheKey;
import dev.asterism.cache.CachedChunk;
import dev.asterism.cache.ChunkDigest;
import dev.asterism.cache.ChunkKey;
import dev.asterism.cache.DirectoryCache;
import dev.asterism.cache.Published;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;

/// How long a store whose links file is large takes until it answers.
final class StartRow {
  private static final VerifiedChunk CHUNK =
      VerifiedChunk.of("a chunk".getBytes(StandardCharsets.UTF_8));

  private StartRow() {}

  /// Opens a store that has one file, and a links file of many more.
  ///
  /// @param folder where the store is made; the caller removes it
  /// @param mappings has `links.json`, which is moved
  static void measure(StoreFigures figures, Path folder, Path mappings, long count)
      throws IOException {
    Path root = folder.resolve("store");
    Digest layer = IndexRows.LAYERS.getFirst();
    try (DirectoryCache cache = DirectoryCache.open(root, InstantSource.system())) {
      Published published = cache.layer(layer).addPart(new ChunkKey(0, 0), CHUNK);
      if (!(published instanceof Published.Shared)) {
        throw new IOException("not kept: " + published);
      }
    }
    Time small = open(root);
    for (Digest each : IndexRows.LAYERS) {
      Files.createDirectories(root.resolve("layers").resolve(each.hex()));
    }
    Files.move(
        mappings.resolve("links.json"),
        root.resolve("links.json"),
        StandardCopyOption.REPLACE_EXISTING);
    Time large = open(root);
    figures.number(
        "start with %.1f million mappings until the first read".formatted(count / 1e6),
        large.toString(),
        "with one: " + small,
        large.nanos() / 1e9,
        2,
        " s");
  }

  private static Time open(Path root) throws IOException {
    Digest layer = IndexRows.LAYERS.getFirst();
    CacheKey key = new CacheKey(layer, new ChunkKey(0, 0));
    ByteBuffer into = ByteBuffer.allocate(CHUNK.size());
    long start = System.nanoTime();
    try (DirectoryCache cache = DirectoryCache.open(root, InstantSource.system());
        CachedChunk chunk =
            cache.get(key, new ChunkDigest(CHUNK.digest(), CHUNK.size())).orElseThrow()) {
      chunk.read(0, into);
      return Time.since(start);
    }
  }
}
