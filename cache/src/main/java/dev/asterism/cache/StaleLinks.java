package dev.asterism.cache;

import dev.asterism.content.Digest;
import dev.asterism.linux.Errno;
import dev.asterism.linux.FileStatus;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// Files in a layer's directory that stand under no digest: of a process that died while it took a
/// file away, of an inode that could have no more links, or a copy that could not be linked.
///
/// Their digest is found by hashing. If the store has it, the layer gets a link to that; if not,
/// the file goes, for nobody reads it. Thread-safe.
final class StaleLinks {
  private final CacheLayout layout;
  private final CacheDisk disk;
  private final DigestFiles files;
  private final Usage usage;
  private final Tally tally;

  StaleLinks(CacheLayout layout, CacheDisk disk, DigestFiles files, Usage usage, Tally tally) {
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

  /// Removes or replaces a file that stood under no digest; tells whether it is gone.
  boolean settle(String path, long inode) throws IOException {
    Optional<FileStatus> file = status(path, inode);
    if (file.isEmpty()) {
      return false; // replaced meanwhile
    }
    Digest digest = Hashes.of(disk, path);
    ReentrantLock lock = files.lockOf(digest);
    lock.lock();
    try {
      if (status(path, inode).isEmpty() || isUnder(file.get(), digest)) {
        return false;
      }
      int errno = replace(path, digest);
      if (errno != 0) {
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

  private int replace(String path, Digest digest) throws IOException {
    String object = layout.object(digest);
    String existing = disk.status(object).isPresent() ? object : layout.part(digest);
    String wip = layout.unfinished();
    int errno = files.makeLink(existing, wip);
    if (errno == 0) {
      errno = disk.rename(wip, path);
      disk.unlink(wip);
    } else if (errno == Errno.ENOENT.number()) {
      errno = disk.unlink(path); // the store does not have it
    }
    if (errno != 0 && errno != Errno.EMLINK.number()) {
      tally.unlinkFailed(errno, path);
    }
    return errno;
  }
}
