package dev.asterism.cache;

import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.IntStream;

/// A process that adds to a cache until it is killed. It prints the digest of each file that was
/// published.
final class CrashChild {
  private CrashChild() {}

  /// Adds for ever. Arguments: the cache's root, and the seed of the first chunk.
  public static void main(String[] arguments) throws IOException {
    int first = Integer.parseInt(arguments[1]);
    DirectoryCache cache = DirectoryCache.open(Path.of(arguments[0]), InstantSource.system());
    for (int thread = 0; thread < 4; thread++) {
      int start = first + thread * 100_000;
      Thread.ofPlatform().start(() -> addForEver(cache, start));
    }
    Thread.ofPlatform().start(() -> removeForEver(cache, first));
  }

  /// Fills a layer, part of it with what others have, persists, and lets the layer go.
  private static void removeForEver(DirectoryCache cache, int first) {
    Digest name = Digest.of("a layer that goes".getBytes(StandardCharsets.UTF_8));
    try {
      for (int entry = first; ; entry += 4) {
        LayerCache layer = cache.layer(name);
        for (int i = 0; i < 20; i++) {
          int seed = i % 2 == 0 ? entry + i : -entry - i;
          layer.addFile(
              ChunkKey.ofFile(Math.abs(seed)),
              TestStore.chunk(seed, 1 + Math.floorMod(seed * 7919, 200_000)));
        }
        cache.persist();
        cache.removeLayer(name);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void addForEver(DirectoryCache cache, int start) {
    LayerCache layer = cache.layer(TestStore.LAYER);
    for (int entry = start; ; entry += 4) {
      VerifiedChunk file = TestStore.chunk(entry, 1 + Math.floorMod(entry * 7919, 200_000));
      layer.addFile(ChunkKey.ofFile(entry), file);
      int from = entry;
      List<VerifiedChunk> chunks =
          IntStream.range(1, 4).mapToObj(i -> TestStore.chunk(from + i, 40_000)).toList();
      TestStore.BigFile big = TestStore.BigFile.of(chunks);
      big.addParts(layer, entry + 1);
      big.complete(layer, entry + 1);
      System.out.println(file.digest().hex() + " " + big.digest().hex());
    }
  }
}
