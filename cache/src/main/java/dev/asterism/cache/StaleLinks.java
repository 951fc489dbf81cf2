package dev.asterism.cache;

import dev.asterism.content.Digest;
import dev.asterism.linux.Errno;
import dev.asterism.linux.FileStatus;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiPredicate;

/// Files in a layer's directory that stand under no digest: of a process that died while it took a
/// file away, of an inode that could have no more links, or a copy that could not be linked.
///
/// Their digest is found by hashing. If the store has it, the layer gets a link to that; if not,
/// the file goes, for nobody reads it: unless it came in this process, which reads it by its key.
/// Thread-safe.
final class StaleLinks {
  private final CacheLayout layout;
  private final CacheDisk disk;
  private final DigestFiles files;
  private final Usage usage;
  private final Tally tally;
  private final Ledger ledger;
  private final BiPredicate<Digest, ChunkKey> isInUse;

  /// @param isInUse tells of a layer's key whether a file of its own is read by it now
  StaleLinks(
      CacheLayout layout,
      CacheDisk disk,
      DigestFiles files,
      Usage usage,
      Tally tally,
      Ledger ledger,
      BiPredicate<Digest, ChunkKey> isInUse) {
    this.isInUse = isInUse;
    this.ledger = ledger;
    this.layout = layout;
    this.disk = disk;
    this.files = files;
    this.usage = usage;
    this.tally = tally;
  }

  /// Returns the inodes under digests, to compare with.
  static Survey underDigests(StoreWalk walk) throws IOException {
    Survey survey = new Survey();
    for (StoreWalk.Place place : StoreWalk.Place.values()) {
      for (int directory = 0; directory < CacheLayout.FAN_OUT.size(); directory++) {
        walk.digests(place, directory, (_, _, inode) -> survey.add(inode, 0, 0, 0, Survey.NO_LOCK));
      }
    }
    return survey;
  }

  /// Tells whether a layer reads a file of its own by this key: one that came in this process.
  boolean isInUse(Digest layer, ChunkKey key) {
    return isInUse.test(layer, key);
  }

  /// Removes or replaces a file that stood under no digest; tells whether it is gone.
  boolean settle(Digest layer, ChunkKey key, String path, long inode) throws IOException {
    Optional<FileStatus> file = status(path, inode);
    if (file.isEmpty()) {
      return false; // replaced meanwhile
    }
    Optional<Digest> hashed = Hashes.find(disk, path);
    if (hashed.isEmpty()) {
      return false; // removed meanwhile
    }
    Digest digest = hashed.get();
    ReentrantLock lock = files.lockOf(digest);
    lock.lock();
    try {
      if (status(path, inode).isEmpty() || isUnder(file.get(), digest)) {
        return false;
      }
      if (isInUse(layer, key) && !stands(digest)) {
        return false; // it is all that the layer has of it
      }
      if (replace(layer, key, path, inode, digest) != 0) {
        return false;
      }
      if (file.get().links() == 1) {
        usage.ownChanged(-file.get().allocated());
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private Optional<FileStatus> status(String path, long inode) throws IOException {
    return disk.status(path).filter(status -> status.inode() == inode);
  }

  private boolean isUnder(FileStatus file, Digest digest) throws IOException {
    return disk.status(layout.object(digest)).filter(file::isSameFile).isPresent()
        || disk.status(layout.part(digest)).filter(file::isSameFile).isPresent();
  }

  private boolean stands(Digest digest) throws IOException {
    return disk.status(layout.object(digest)).isPresent()
        || disk.status(layout.part(digest)).isPresent();
  }

  /// Takes the file away, and gives its name to what stands under the digest, if anything does. It
  /// is moved out of sight before it is looked at for the last time: whoever links the key to the
  /// digest that it should hold has the lock of that, not ours.
  private int replace(Digest layer, ChunkKey key, String path, long inode, Digest digest)
      throws IOException {
    String away = layout.unfinished();
    int errno = disk.rename(path, away);
    if (errno == 0 && status(away, inode).isEmpty()) {
      putBack(away, path);
      return Errno.EEXIST.number(); // another file had taken its place
    }
    if (errno == 0) {
      errno = link(layer, key, path, digest);
      if (errno == 0) {
        disk.unlink(away);
      } else {
        putBack(away, path);
      }
    }
    if (errno != 0 && errno != Errno.EMLINK.number()) {
      tally.unlinkFailed(errno, path);
    }
    return errno;
  }

  /// Links a key, whose name is free, to what stands under a digest; to nothing if nothing does.
  private int link(Digest layer, ChunkKey key, String path, Digest digest) throws IOException {
    String object = layout.object(digest);
    String existing = disk.status(object).isPresent() ? object : layout.part(digest);
    int errno = files.makeLink(existing, path);
    if (errno == 0) {
      ledger.seen(layout.placeOf(existing), digest, files.size(existing));
      ledger.linked(layer, key, digest);
    } else if (errno == Errno.ENOENT.number()) {
      ledger.unlinked(layer, key); // the store does not have it
      return 0;
    }
    return errno == Errno.EEXIST.number() ? 0 : errno; // somebody linked it meanwhile
  }

  /// Gives a file its name back, unless another has it by now.
  private void putBack(String away, String path) {
    disk.link(away, path);
    disk.unlink(away);
  }
}
