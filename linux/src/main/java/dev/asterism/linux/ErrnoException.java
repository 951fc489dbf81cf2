package dev.asterism.linux;

import java.io.IOException;
import java.io.Serial;
import java.util.Arrays;

/// A system call that returned an error.
public final class ErrnoException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  private final String call;
  private final int errno;

  /// @param call the function and its arguments, as strace would show them, e.g. `link(a, b)`
  /// @param errno what the kernel said, positive
  public ErrnoException(String call, int errno) {
    super("%s: %s".formatted(call, name(errno)));
    this.call = call;
    this.errno = errno;
  }

  /// Returns the function and its arguments.
  public String call() {
    return call;
  }

  /// Returns the kernel's number, positive; not every number has an [Errno].
  public int errno() {
    return errno;
  }

  /// Tells whether this is `expected`.
  public boolean is(Errno expected) {
    return errno == expected.number();
  }

  private static String name(int errno) {
    return Arrays.stream(Errno.values())
        .filter(known -> known.number() == errno)
        .findFirst()
        .map(Errno::name)
        .orElse("errno " + errno);
  }
}
