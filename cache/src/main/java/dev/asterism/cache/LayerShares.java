package dev.asterism.cache;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.asterism.cache.index.LayerShare;
import dev.asterism.cache.index.LinksIndex;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/// What each layer takes of the disk, kept until something has changed.
///
/// Where files are shared this is added up in memory, some 100 ms for a million of them; where each
/// layer has its own, their directories are read. However often it is asked, it is done again only
/// when something came or went, and never for more than a part of the time. Thread-safe.
final class LayerShares {
  /// Between two times at least, and so many times what the last one took.
  private static final Duration LEAST_APART = Duration.ofSeconds(2);

  private static final int TIMES_APART = 50;

  private final CacheMode mode;
  private final Path own;
  private final LinksIndex index;
  private final Usage usage;

  @GuardedBy("this")
  private Map<Digest, LayerShare> shares = Map.of();

  @GuardedBy("this")
  private Version version = new Version(-1, -1, -1);

  @GuardedBy("this")
  private long next = System.nanoTime();

  /// Looks different when something has changed, but for what happens once in a blue moon.
  private record Version(long digests, long keys, long bytes) {}

  /// @param own where layers have copies of their own
  LayerShares(CacheMode mode, Path own, LinksIndex index, Usage usage) {
    this.mode = mode;
    this.own = own;
    this.index = index;
    this.usage = usage;
  }

  /// Returns the shares as they are now, or were some seconds ago.
  ///
  /// @throws IOException if a directory cannot be read
  synchronized Map<Digest, LayerShare> current() throws IOException {
    long now = System.nanoTime();
    Version current = new Version(index.digests(), index.keys(), usage.bytes());
    if (now - next < 0 || current.equals(version)) {
      return shares;
    }
    shares =
        Map.copyOf(
            switch (mode) {
              case SHARED -> index.shares(usage::allocated);
              case PLAIN -> own();
            });
    version = current;
    long took = System.nanoTime() - now;
    next = now + Math.max(LEAST_APART.toNanos(), TIMES_APART * took);
    return shares;
  }

  private Map<Digest, LayerShare> own() throws IOException {
    Map<Digest, LayerShare> found = new HashMap<>();
    try (Stream<Path> layers = Files.list(own)) {
      for (Path layer : layers.toList()) {
        var digest = Digest.findHex(layer.getFileName().toString());
        if (digest.isPresent()) {
          found.put(digest.get(), own(layer));
        }
      }
    } catch (NoSuchFileException _) {
      return found; // nothing has come yet
    }
    return found;
  }

  private LayerShare own(Path layer) throws IOException {
    long bytes = 0;
    long files = 0;
    try (Stream<Path> all = Files.walk(layer)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        long size = sizeOf(file);
        bytes += usage.allocated(size);
        files += size == 0 ? 0 : 1;
      }
    }
    return new LayerShare(bytes, files);
  }

  /// Returns a file's size; 0 if it has gone since it was listed, as no file here has.
  private static long sizeOf(Path file) throws IOException {
    try {
      return Files.size(file);
    } catch (NoSuchFileException _) {
      return 0;
    }
  }
}
