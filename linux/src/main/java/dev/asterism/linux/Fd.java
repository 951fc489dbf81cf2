package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/// A file descriptor that this object owns.
///
/// Closing waits for nobody: the descriptor's number goes back to the kernel when the last call
/// that uses it has returned, so no call ever hits a file that got the same number later.
/// Thread-safe.
public final class Fd implements AutoCloseable {
  // int open(const char *pathname, int flags, ...);
  private static final MethodHandle OPEN =
      Native.downcall(
          "open",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  // int close(int fd);
  private static final MethodHandle CLOSE =
      Native.downcall("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  // ssize_t read(int fd, void *buf, size_t count);
  private static final MethodHandle READ =
      Native.downcall("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  // ssize_t pread(int fd, void *buf, size_t count, off_t offset);
  private static final MethodHandle PREAD =
      Native.downcall(
          "pread", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
  // ssize_t write(int fd, const void *buf, size_t count);
  private static final MethodHandle WRITE =
      Native.downcall("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));

  // int fcntl(int fd, int cmd, ...);
  private static final MethodHandle FCNTL =
      Native.downcall(
          "fcntl",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT),
          Linker.Option.firstVariadicArg(2));

  // asm-generic/fcntl.h
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int O_RDONLY = 0;
  private static final int O_RDWR = 2;
  private static final int O_CLOEXEC = 0x80000;

  private static final int CLOSED = 1 << 31;

  private final int number;

  /// How many calls are using the number, and the bit [#CLOSED].
  private final AtomicInteger users = new AtomicInteger();

  private Fd(int number) {
    this.number = number;
  }

  /// Takes over a descriptor that the process has, for example one inherited from its parent.
  public static Fd adopt(int number) {
    if (number < 0) {
      throw new IllegalArgumentException("no descriptor: " + number);
    }
    return new Fd(number);
  }

  /// Returns a second descriptor of the same open file, numbered `atLeast` or above; close-on-exec.
  ///
  /// @throws ErrnoException if fcntl(2) fails: `EBADF` if this is closed or no descriptor, `EMFILE`
  public Fd duplicate(int atLeast) throws ErrnoException {
    use("fcntl");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      int copy = (int) FCNTL.invokeExact(state, number, F_DUPFD_CLOEXEC, atLeast);
      return new Fd(checked(copy, "fcntl", state));
    } catch (ErrnoException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    } finally {
      unuse();
    }
  }

  /// Opens a file for reading; close-on-exec.
  ///
  /// @throws ErrnoException if open(2) fails
  public static Fd openReadOnly(Path path) throws ErrnoException {
    return open(path, O_RDONLY);
  }

  /// Opens a file for reading and writing; close-on-exec. Does not create it.
  ///
  /// @throws ErrnoException if open(2) fails
  public static Fd openReadWrite(Path path) throws ErrnoException {
    return open(path, O_RDWR);
  }

  private static Fd open(Path path, int flags) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      MemorySegment name = Native.string(arena, path.toString());
      int fd = (int) OPEN.invokeExact(state, name, flags | O_CLOEXEC, 0);
      if (fd < 0) {
        throw new ErrnoException("open(" + path + ")", Native.errno(state));
      }
      return new Fd(fd);
    } catch (ErrnoException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// Returns the number, to be named to the kernel while this is open.
  public int number() {
    return number;
  }

  /// Reads once into `buffer`, which is native memory. May block in native code.
  ///
  /// @return bytes read, 0 at the end
  /// @throws ErrnoException if read(2) fails, `EINTR` included; `EBADF` if this is closed
  public int read(MemorySegment buffer) throws ErrnoException {
    use("read");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      long count = (long) READ.invokeExact(state, number, buffer, buffer.byteSize());
      return checked(count, "read", state);
    } catch (ErrnoException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    } finally {
      unuse();
    }
  }

  /// Reads once into `buffer`, which is native memory, from `offset` of the file.
  ///
  /// @return bytes read, 0 at the end
  /// @throws ErrnoException if pread(2) fails; `EBADF` if this is closed
  public int pread(MemorySegment buffer, long offset) throws ErrnoException {
    use("pread");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      long count = (long) PREAD.invokeExact(state, number, buffer, buffer.byteSize(), offset);
      return checked(count, "pread", state);
    } catch (ErrnoException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    } finally {
      unuse();
    }
  }

  /// Writes `bytes`, which are native memory, once.
  ///
  /// @return bytes written
  /// @throws ErrnoException if write(2) fails; `EBADF` if this is closed
  public int write(MemorySegment bytes) throws ErrnoException {
    use("write");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      long count = (long) WRITE.invokeExact(state, number, bytes, bytes.byteSize());
      return checked(count, "write", state);
    } catch (ErrnoException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    } finally {
      unuse();
    }
  }

  private int checked(long count, String call, MemorySegment state) throws ErrnoException {
    if (count < 0) {
      throw new ErrnoException(call + "(" + number + ")", Native.errno(state));
    }
    return Math.toIntExact(count);
  }

  /// Keeps the number from being closed until [#unuse].
  void use(String call) throws ErrnoException {
    int before = users.getAndUpdate(n -> n < 0 ? n : n + 1);
    if (before < 0) {
      throw new ErrnoException(call + "(closed)", Errno.EBADF.number());
    }
  }

  void unuse() {
    if (users.decrementAndGet() == CLOSED) {
      closeNow();
    }
  }

  /// Closes the descriptor, once the calls that use it have returned. Does nothing the second time.
  @Override
  public void close() {
    int before = users.getAndUpdate(n -> n | CLOSED);
    if (before == 0) {
      closeNow();
    }
  }

  private void closeNow() {
    try (Arena arena = Arena.ofConfined()) {
      // After close(2) the number is gone whatever it returned, and nothing was written through it.
      int _ = (int) CLOSE.invokeExact(Native.errnoState(arena), number);
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  @Override
  public String toString() {
    return "fd " + number + (users.get() < 0 ? " (closed)" : "");
  }
}
