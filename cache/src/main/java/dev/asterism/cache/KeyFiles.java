package dev.asterism.cache;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/// One layer's files that are a key's alone: of a chunk whose digest nobody knows, or that could be
/// written and not linked. They stand where the layer's links do. Thread-safe.
///
/// What such a file holds is known only to the process that wrote it; without a digest to compare
/// with, nobody else believes it.
final class KeyFiles {
  private final Digest layer;
  private final CacheLayout layout;
  private final CacheDisk disk;
  private final DigestFiles files;
  private final Usage usage;
  private final Tally tally;

  /// The keys whose bytes are known to be right.
  private final Set<ChunkKey> known = ConcurrentHashMap.newKeySet();

  KeyFiles(
      Digest layer,
      CacheLayout layout,
      CacheDisk disk,
      DigestFiles files,
      Usage usage,
      Tally tally) {
    this.layer = layer;
    this.layout = layout;
    this.disk = disk;
    this.files = files;
    this.usage = usage;
    this.tally = tally;
  }

  /// Notes that a key has a file of its own now, of this process.
  void added(ChunkKey key) {
    known.add(key);
  }

  /// Tells whether a key has a file of its own that came in this process.
  boolean holds(ChunkKey key) {
    try {
      return known.contains(key) && disk.status(layout.key(layer, key)).isPresent();
    } catch (IOException _) {
      return false; // unreadable is as good as absent: it can be fetched
    }
  }

  /// Opens a key's file that came in this process.
  Optional<Stored> find(ChunkKey key) {
    if (!known.contains(key)) {
      return Optional.empty();
    }
    String path = layout.key(layer, key);
    try {
      FileChannel file = disk.open(path);
      return Optional.of(new Stored(path, file, 0, file.size()));
    } catch (IOException _) {
      return Optional.empty(); // gone or unreadable is absent: it can be fetched
    }
  }

  /// Opens a key's file whose digest is known. One that another process left is hashed first.
  Optional<Stored> find(ChunkKey key, Digest digest, long size) {
    String path = layout.key(layer, key);
    try {
      if (disk.status(path).filter(status -> status.size() == size).isEmpty()) {
        return Optional.empty();
      }
      if (!known.contains(key)) {
        if (!Hashes.of(disk, path).equals(digest)) {
          return Optional.empty();
        }
        known.add(key);
      }
      return Optional.of(new Stored(path, disk.open(path), 0, size));
    } catch (IOException _) {
      return Optional.empty(); // unreadable is as good as absent: it can be fetched
    }
  }

  /// How a finished file may be given its name.
  interface Door {
    Published keep(Supplier<Published> publish);
  }

  /// Begins a key's file.
  CacheWriter writer(ChunkKey key, Door door) {
    String name = layout.key(layer, key);
    return new PlainWriter(
        disk,
        tally,
        layout.unfinished(),
        (wip, size) -> door.keep(() -> publish(key, wip, name, size)));
  }

  private Published publish(ChunkKey key, String wip, String name, long size) {
    long before = files.allocated(name);
    int errno = disk.seal(wip);
    errno = errno == 0 ? files.rename(wip, name) : errno;
    if (errno != 0) {
      return new Published.Uncached(tally.writeFailed(Cause.of(errno), name));
    }
    usage.ownChanged(usage.allocated(size) - before);
    known.add(key);
    return new Published.Unshared(Path.of(name), Cause.NO_DIGEST);
  }
}
