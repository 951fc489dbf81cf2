package dev.asterism.cache;

import dev.asterism.linux.Errno;
import dev.asterism.linux.ErrnoText;
import java.io.IOException;

/// Why the store could not keep something, or not share it. The names go to logs and metrics.
public enum Cause {
  /// There are no bytes: an empty file needs no storage.
  EMPTY,
  /// `ENOSPC`: no blocks, inodes or directory space left.
  NO_SPACE,
  /// The store is as large as it may be, and nothing in it can go now.
  OVER_BUDGET,
  /// `EDQUOT`: the owner's quota is used up.
  QUOTA,
  /// `EROFS`: the file system is, or has become, read-only.
  READ_ONLY,
  /// `EPERM`, `EACCES`, `EOPNOTSUPP`: the file system makes no hard links, or not for us.
  NOT_PERMITTED,
  /// `EXDEV`: the two directories are on different file systems.
  OTHER_FILE_SYSTEM,
  /// `EMLINK`: not even a new inode can have another name.
  TOO_MANY_LINKS,
  /// `EIO` and every other error of the disk.
  DISK,
  /// Chunks that are needed are not in the store, or no longer.
  MISSING,
  /// The bytes on the disk are not what their digest says; they have been removed.
  CORRUPT,
  /// A chunk of more bytes than any has.
  TOO_LARGE,
  /// Nothing said what the bytes hash to: they are the key's alone.
  NO_DIGEST,
  /// The layer has been removed, or the cache is closed.
  CLOSED;

  /// Returns what an errno of link(2), open(2) or write(2) means here.
  static Cause of(int errno) {
    if (errno == Errno.ENOSPC.number()) {
      return NO_SPACE;
    } else if (errno == Errno.EDQUOT.number()) {
      return QUOTA;
    } else if (errno == Errno.EROFS.number()) {
      return READ_ONLY;
    } else if (errno == Errno.EXDEV.number()) {
      return OTHER_FILE_SYSTEM;
    } else if (errno == Errno.EMLINK.number()) {
      return TOO_MANY_LINKS;
    } else if (errno == Errno.EPERM.number()
        || errno == Errno.EACCES.number()
        || errno == Errno.EOPNOTSUPP.number()) {
      return NOT_PERMITTED;
    }
    return DISK;
  }

  /// Returns what a failure of the JDK means here.
  static Cause of(IOException failure) {
    return of(ErrnoText.find(failure).orElse(Errno.EIO).number());
  }
}
