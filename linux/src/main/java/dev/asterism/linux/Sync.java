package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// A hold on a file system that can write its dirty state to the disk.
///
/// The kernel reports a failed write-back once to each descriptor that was open when it happened
/// (syncfs(2), Linux 5.8), so who must not miss one opens this before it writes. Thread-safe, but
/// nobody may be in [#syncfs] when it is closed.
public final class Sync implements AutoCloseable {
  // int syncfs(int fd);
  private static final MethodHandle SYNCFS =
      Native.downcall("syncfs", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

  private final String path;
  private final OpenPath open;

  private Sync(String path, OpenPath open) {
    this.path = path;
    this.open = open;
  }

  /// Takes hold of the file system that `path`, a file or directory, lies on.
  ///
  /// @throws ErrnoException if open(2) fails
  public static Sync open(String path) throws ErrnoException {
    return new Sync(path, OpenPath.open(path, OpenPath.O_RDONLY));
  }

  /// Returns when everything that anybody wrote to the file system before the call, bytes and
  /// names, is on its disk. Blocks in native code, for seconds on a busy disk: call it on a
  /// platform thread only.
  ///
  /// @throws ErrnoException if syncfs(2) fails, or a write-back failed since the last call: then it
  ///   is unknown what reached the disk
  public void syncfs() throws ErrnoException {
    int errno;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      if ((int) SYNCFS.invokeExact(state, open.fd()) == 0) {
        return;
      }
      errno = Native.errno(state);
    } catch (Throwable e) {
      throw Native.bug(e);
    }
    throw new ErrnoException("syncfs(%s)".formatted(path), errno);
  }

  /// Lets go.
  @Override
  public void close() {
    open.close();
  }
}
