package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// A file descriptor of our own on something that stands already, for calls that the JDK has no
/// words for. Closed by its owner, who then makes no more calls on it.
final class OpenPath implements AutoCloseable {
  static final int O_RDONLY = 0; // asm-generic/fcntl.h, as the next two
  static final int O_WRONLY = 1;
  private static final int O_CLOEXEC = 0x80000;

  // int open(const char *pathname, int flags, ...);
  private static final MethodHandle OPEN =
      Native.downcall(
          "open",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
          Linker.Option.firstVariadicArg(2));

  // int close(int fd);
  private static final MethodHandle CLOSE =
      Native.downcall("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

  private final int fd;

  private OpenPath(int fd) {
    this.fd = fd;
  }

  /// Opens `path`, which must exist, with [#O_RDONLY] or [#O_WRONLY].
  static OpenPath open(String path, int access) throws ErrnoException {
    int errno;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      int fd = (int) OPEN.invokeExact(state, Native.string(arena, path), access | O_CLOEXEC);
      if (fd >= 0) {
        return new OpenPath(fd);
      }
      errno = Native.errno(state);
    } catch (Throwable e) {
      throw Native.bug(e);
    }
    throw new ErrnoException("open(%s)".formatted(path), errno);
  }

  /// Takes over a descriptor that another call has opened.
  static OpenPath adopt(int fd) {
    return new OpenPath(fd);
  }

  int fd() {
    return fd;
  }

  /// close(2). Its errors are of no use here: nothing is written through these descriptors that is
  /// not synced or checked by other means.
  @Override
  public void close() {
    try (Arena arena = Arena.ofConfined()) {
      int _ = (int) CLOSE.invokeExact(Native.errnoState(arena), fd);
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }
}
