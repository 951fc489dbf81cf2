package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.Closeable;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Optional;

/// An exclusive flock(2) on a file that need only be readable, as on a file system that takes no
/// writes. The kernel ends it with the process, however that ends. Thread-safe.
public final class Flock implements Closeable {
  private static final int LOCK_EX = 2; // asm-generic/fcntl.h, as the next one
  private static final int LOCK_NB = 4;

  // int flock(int fd, int operation);
  private static final MethodHandle FLOCK =
      Native.downcall("flock", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));

  private final OpenPath open;

  private Flock(OpenPath open) {
    this.open = open;
  }

  /// Takes the lock; empty if somebody has it, in this process or another.
  ///
  /// @param path an existing file
  /// @throws ErrnoException if open(2) or flock(2) fails
  public static Optional<Flock> tryLock(Path path) throws ErrnoException {
    OpenPath open = OpenPath.open(path.toString(), OpenPath.O_RDONLY);
    int errno = lock(open.fd());
    if (errno == 0) {
      return Optional.of(new Flock(open));
    }
    open.close();
    if (errno == Errno.EAGAIN.number()) {
      return Optional.empty();
    }
    throw new ErrnoException("flock(%s)".formatted(path), errno);
  }

  private static int lock(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      int result = (int) FLOCK.invokeExact(state, fd, LOCK_EX | LOCK_NB);
      return result == 0 ? 0 : Native.errno(state);
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// Lets go. A process's locks of fcntl(2) on the same file go with it.
  @Override
  public void close() {
    open.close();
  }
}
