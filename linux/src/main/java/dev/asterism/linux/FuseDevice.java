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

/// An open `/dev/fuse`: one message per read and per write. Thread-safe.
///
/// A request is answered on the device it was read from: the kernel looks for it nowhere else.
public final class FuseDevice implements AutoCloseable {
  // int ioctl(int fd, unsigned long request, ...);
  private static final MethodHandle IOCTL =
      Native.downcall(
          "ioctl",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
          Linker.Option.firstVariadicArg(2));

  // linux/fuse.h: FUSE_DEV_IOC_*
  private static final long CLONE = 0x8004e500L;
  private static final long BACKING_OPEN = 0x4010e501L;
  private static final long BACKING_CLOSE = 0x4004e502L;

  private static final Path DEVICE = Path.of("/dev/fuse");

  private final Fd fd;

  /// @param fd an open `/dev/fuse`, which this takes over
  public FuseDevice(Fd fd) {
    this.fd = fd;
  }

  /// Opens the device: a new connection, which becomes one file system when it is mounted.
  ///
  /// @throws ErrnoException `ENOENT` or `ENODEV` where the kernel has no FUSE
  public static FuseDevice open() throws ErrnoException {
    return new FuseDevice(Fd.openReadWrite(DEVICE));
  }

  /// Opens a second device of the same connection, for another thread. Possible once it is mounted.
  public FuseDevice another() throws ErrnoException {
    Fd second = Fd.openReadWrite(DEVICE);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment argument = arena.allocate(JAVA_INT);
      argument.set(JAVA_INT, 0, fd.number());
      ioctl(second, "FUSE_DEV_IOC_CLONE", CLONE, argument);
      return new FuseDevice(second);
    } catch (ErrnoException e) {
      second.close();
      throw e;
    }
  }

  /// Waits for a message. Blocks in native code: call it on a platform thread only.
  ///
  /// @param into native memory for the longest message
  /// @return bytes of the message
  /// @throws ErrnoException `ENODEV` when it is unmounted or aborted; `ENOENT`, `EINTR`, `EAGAIN`
  ///   to read again
  public int read(MemorySegment into) throws ErrnoException {
    return fd.read(into);
  }

  /// Sends one message, whole.
  ///
  /// @throws ErrnoException `ENOENT` if nobody waits for this answer any more; `EINVAL` if its
  ///   length or error number is wrong
  public void write(MemorySegment message) throws ErrnoException {
    fd.write(message);
  }

  /// Registers a file that the kernel may read by itself, and returns its id (`struct
  /// fuse_backing_map`). The kernel keeps the file open until [#closeBacking], whatever happens to
  /// `file`.
  ///
  /// @throws ErrnoException `EPERM` without CAP_SYS_ADMIN; `ELOOP` if the file lies on a file
  ///   system that is stacked itself; `EOPNOTSUPP` if it cannot be read so
  public int openBacking(Fd file) throws ErrnoException {
    file.use("FUSE_DEV_IOC_BACKING_OPEN");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment map = arena.allocate(16, 8);
      map.set(JAVA_INT, 0, file.number());
      return ioctl(fd, "FUSE_DEV_IOC_BACKING_OPEN", BACKING_OPEN, map);
    } finally {
      file.unuse();
    }
  }

  /// Gives an id of [#openBacking] back.
  public void closeBacking(int id) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment argument = arena.allocate(JAVA_INT);
      argument.set(JAVA_INT, 0, id);
      ioctl(fd, "FUSE_DEV_IOC_BACKING_CLOSE", BACKING_CLOSE, argument);
    }
  }

  /// Returns the descriptor, which stays this object's.
  public Fd fd() {
    return fd;
  }

  /// Closes the device as [Fd#close] does. The connection ends with its last device.
  @Override
  public void close() {
    fd.close();
  }

  private static int ioctl(Fd fd, String name, long request, MemorySegment argument)
      throws ErrnoException {
    fd.use(name);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      int result = (int) IOCTL.invokeExact(state, fd.number(), request, argument);
      if (result < 0) {
        throw new ErrnoException("ioctl(%s, %s)".formatted(fd, name), Native.errno(state));
      }
      return result;
    } catch (ErrnoException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    } finally {
      fd.unuse();
    }
  }
}
