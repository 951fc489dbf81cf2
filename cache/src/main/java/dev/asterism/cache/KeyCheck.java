package dev.asterism.cache;

import dev.asterism.cache.index.LinksIndex;
import dev.asterism.content.Digest;
import dev.asterism.linux.FileStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// Compares which digest each layer's key holds, as the index has it, with the links on the disk.
///
/// May run while others read and write: what seems wrong is looked at again under its digest's
/// lock. Confined to one thread; for one verification.
final class KeyCheck {
  private static final int MAX_CANDIDATES = 10_000;

  private final CacheLayout layout;
  private final CacheDisk disk;
  private final DigestFiles files;
  private final LinksIndex index;
  private final Evictor evictor;
  private final boolean repair;
  private final List<Lost> lost = new ArrayList<>();

  /// A key that seems to hold a digest by no link.
  private record Lost(Digest layer, ChunkKey key, Digest digest) {}

  KeyCheck(
      CacheLayout layout,
      CacheDisk disk,
      DigestFiles files,
      LinksIndex index,
      Evictor evictor,
      VerifyOptions options) {
    this.layout = layout;
    this.disk = disk;
    this.files = files;
    this.index = index;
    this.evictor = evictor;
    this.repair = options.repair();
  }

  LinksIndex index() {
    return index;
  }

  /// Compares a layer's link to a file that stands under some digest with what the index says.
  void compare(Digest layer, ChunkKey key, String path, long inode, Consumer<Finding> found)
      throws IOException {
    Optional<Digest> known = digestOf(layer, key);
    if (known.isPresent() && isUnder(inode, known.get())) {
      return;
    }
    if (status(path, inode).isEmpty()) {
      return; // gone since it was listed
    }
    Optional<Digest> hashed = Hashes.find(disk, path);
    if (hashed.isEmpty()) {
      return; // gone since then
    }
    Digest digest = hashed.get();
    ReentrantLock lock = files.lockOf(digest);
    lock.lock();
    try {
      if (digestOf(layer, key).equals(Optional.of(digest)) || status(path, inode).isEmpty()) {
        return; // told of meanwhile, or gone
      }
      if (repair) {
        index.linked(layer, key.entry(), key.chunkOffset(), digest);
      }
      found.accept(new Finding.NotKnown(Path.of(path), digest, repair));
    } finally {
      lock.unlock();
    }
  }

  /// Looks for keys that the index knows and that have no link.
  void lookForLost(StoreProgress progress, Consumer<Finding> found) throws IOException {
    for (int firstByte = 0; firstByte < CacheLayout.FAN_OUT.size(); firstByte++) {
      progress.at("known links", firstByte, CacheLayout.FAN_OUT.size());
      index.keys(
          firstByte,
          true,
          (layer, entry, offset, digest) -> {
            ChunkKey key = new ChunkKey(entry, offset);
            if (lost.size() < MAX_CANDIDATES && !stands(layer, key)) {
              lost.add(new Lost(layer, key, digest));
            }
          });
    }
    // An eviction takes the links first, and the digest with all its keys from the index last.
    evictor.whileIdle(() -> lost.forEach(key -> confirm(key, found)));
  }

  private void confirm(Lost key, Consumer<Finding> found) {
    ReentrantLock lock = files.lockOf(key.digest);
    lock.lock();
    try {
      if (stands(key.layer, key.key)
          || !digestOf(key.layer, key.key).equals(Optional.of(key.digest))) {
        return; // linked, or forgotten, meanwhile
      }
      if (repair) {
        index.unlinked(key.layer, key.key.entry(), key.key.chunkOffset());
      }
      found.accept(new Finding.Lost(Path.of(layout.key(key.layer, key.key)), key.digest, repair));
    } finally {
      lock.unlock();
    }
  }

  private Optional<Digest> digestOf(Digest layer, ChunkKey key) {
    return index.find(layer, key.entry(), key.chunkOffset()).map(LinksIndex.Entry::digest);
  }

  private boolean isUnder(long inode, Digest digest) throws IOException {
    return status(layout.object(digest), inode).isPresent()
        || status(layout.part(digest), inode).isPresent();
  }

  private Optional<FileStatus> status(String path, long inode) throws IOException {
    return disk.status(path).filter(file -> file.inode() == inode);
  }

  /// Tells whether a key has a link; also if it cannot be looked at.
  private boolean stands(Digest layer, ChunkKey key) {
    try {
      return disk.status(layout.key(layer, key)).isPresent();
    } catch (IOException _) {
      return true;
    }
  }
}
