package dev.asterism.cache;

import dev.asterism.content.Digest;
import dev.asterism.linux.Errno;
import dev.asterism.linux.FileStatus;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.IntSupplier;

/// The files under digests: whether they are there, and whether they are what they should be.
/// Thread-safe.
final class DigestFiles {
  private static final int EEXIST = Errno.EEXIST.number();
  private static final int ENOENT = Errno.ENOENT.number();
  private static final int ATTEMPTS = 3;

  private final CacheLayout layout;
  private final CacheDisk disk;
  private final Tally tally;
  private final FreshLinks fresh;
  private final Usage usage;
  private final Ledger ledger;
  private final DigestLocks locks = new DigestLocks();
  private volatile Consumer<Digest> onDamage = _ -> {};

  DigestFiles(
      CacheLayout layout,
      CacheDisk disk,
      Tally tally,
      FreshLinks fresh,
      Usage usage,
      Ledger ledger) {
    this.usage = usage;
    this.ledger = ledger;
    this.layout = layout;
    this.disk = disk;
    this.tally = tally;
    this.fresh = fresh;
  }

  /// Returns the lock under which the names of a digest change.
  ReentrantLock lockOf(Digest digest) {
    return locks.of(digest);
  }

  /// Returns which lock that is, for who cannot keep the digest.
  short lockNumber(Digest digest) {
    return locks.number(digest);
  }

  /// Returns a lock by its number.
  ReentrantLock lock(short number) {
    return locks.of(number);
  }

  /// Returns where a digest stands.
  String path(HardlinkManager.Kind kind, Digest digest) {
    return switch (kind) {
      case FILE -> layout.object(digest);
      case PART -> layout.part(digest);
    };
  }

  /// Tells whether a file of that size is at `path`.
  ///
  /// One of another size is hashed: it was damaged behind our back, and goes; or it is right, and
  /// whoever claims that size is wrong, as a hostile TOC may be.
  boolean stands(String path, Digest digest, long size) {
    try {
      Optional<FileStatus> status = disk.status(path);
      if (status.isEmpty()) {
        return false;
      }
      if (status.get().size() == size) {
        return true;
      }
    } catch (IOException e) {
      tally.readFailed(path, e);
      return false;
    }
    return standsLocked(path, digest, size);
  }

  /// Looks again where nobody else removes or publishes.
  private boolean standsLocked(String path, Digest digest, long size) {
    ReentrantLock lock = lockOf(digest);
    lock.lock();
    try {
      Optional<FileStatus> status = disk.status(path);
      boolean right = status.isPresent() && status.get().size() == size;
      if (!right) {
        removeIfDamaged(path, digest);
      }
      return right;
    } catch (IOException e) {
      tally.readFailed(path, e);
      return false;
    } finally {
      lock.unlock();
    }
  }

  /// Lets somebody know of every digest whose file was damaged and is removed.
  void onDamage(Consumer<Digest> listener) {
    onDamage = listener;
  }

  /// Removes a file that is not what its digest says, wherever the kernel could find it.
  void removeDamaged(String path, Digest digest, String why) {
    ReentrantLock lock = lockOf(digest);
    lock.lock();
    usage.begin(digest);
    long freed = 0;
    try {
      tally.foundDamaged(path, why);
      freed = allocated(path);
      freed = disk.unlink(path) == 0 ? freed : 0;
      disk.unlink(layout.fresh(digest));
      fresh.remove(digest);
      ledger.removed(layout.placeOf(path), digest);
      onDamage.accept(digest);
    } finally {
      boolean own = path.startsWith(layout.own().toString());
      usage.end(digest, own ? 0 : -freed);
      usage.ownChanged(own ? -freed : 0);
      lock.unlock();
    }
  }

  /// Returns the bytes that a file occupies; 0 if there is none.
  long allocated(String path) {
    try {
      return disk.status(path).map(FileStatus::allocated).orElse(0L);
    } catch (IOException e) {
      tally.readFailed(path, e);
      return 0;
    }
  }

  /// Returns a file's size; 0 if it is not there.
  long size(String path) {
    try {
      return disk.status(path).map(FileStatus::size).orElse(0L);
    } catch (IOException e) {
      tally.readFailed(path, e);
      return 0;
    }
  }

  /// Hashes a file that may be there, and removes it if it is wrong.
  void removeIfDamaged(String path, Digest digest) {
    try {
      if (disk.status(path).isPresent() && !Hashes.of(disk, path).equals(digest)) {
        removeDamaged(path, digest, "does not hash to its digest");
      }
    } catch (IOException e) {
      tally.readFailed(path, e);
    }
  }

  /// link(2) that makes the directory of the new name if it is not there.
  int makeLink(String existing, String name) {
    return inDirectory(name, () -> disk.link(existing, name));
  }

  /// rename(2) that makes the directory of the new name if it is not there.
  int rename(String from, String to) {
    return inDirectory(to, () -> disk.rename(from, to));
  }

  /// Does it again where the directory of `name` is missing: once made, an empty one may be taken
  /// away before it is used, but hardly twice.
  private int inDirectory(String name, IntSupplier call) {
    int errno = call.getAsInt();
    for (int i = 0; errno == ENOENT && i < ATTEMPTS && makeParent(name); i++) {
      errno = call.getAsInt();
    }
    return errno;
  }

  /// Makes every directory above `name` that is missing below the cache root.
  boolean makeParents(String name) {
    String parent = name.substring(0, name.lastIndexOf('/'));
    int errno = disk.makeDirectory(parent);
    if (errno == ENOENT && parent.length() > layout.root().toString().length()) {
      makeParents(parent);
      errno = disk.makeDirectory(parent);
    }
    return errno == 0 || errno == EEXIST;
  }

  /// Makes the directory that `name` lies in, and the one above it: a layer's are made at first
  /// use.
  boolean makeParent(String name) {
    String parent = name.substring(0, name.lastIndexOf('/'));
    int errno = disk.makeDirectory(parent);
    if (errno == ENOENT) {
      disk.makeDirectory(parent.substring(0, parent.lastIndexOf('/')));
      errno = disk.makeDirectory(parent);
    }
    return errno == 0 || errno == EEXIST;
  }
}
