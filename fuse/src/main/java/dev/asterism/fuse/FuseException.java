package dev.asterism.fuse;

import dev.asterism.linux.Errno;
import java.io.IOException;
import java.io.Serial;

/// An error that the file system chose for its caller: a system call that fails as documented, and
/// nothing to log.
public final class FuseException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  private final Errno errno;

  /// @param errno what the caller's system call fails with
  public FuseException(Errno errno) {
    super(errno.name());
    this.errno = errno;
  }

  /// @param errno what the caller's system call fails with
  /// @param message why, for whoever catches this before the kernel does
  public FuseException(Errno errno, String message) {
    super(errno + ": " + message);
    this.errno = errno;
  }

  /// Returns what the caller's system call fails with.
  public Errno errno() {
    return errno;
  }
}
