package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Memory that lives as long as any process holds its descriptor (`memfd_create(2)`): what is
/// written to it survives the death of the writer at any instruction, and no disk can fill up under
/// it. It does not survive the machine. Thread-safe.
public final class SharedMemory implements AutoCloseable {
  // int memfd_create(const char *name, unsigned int flags);
  private static final MethodHandle MEMFD_CREATE =
      Native.downcall("memfd_create", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));

  private static final int MFD_CLOEXEC = 1; // linux/memfd.h

  private final Fd fd;

  /// @param fd of a memory file, which this takes over
  public SharedMemory(Fd fd) {
    this.fd = fd;
  }

  /// Makes an empty one.
  ///
  /// @param name what `/proc/<pid>/fd` shows, for people
  public static SharedMemory create(String name) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      int fd = (int) MEMFD_CREATE.invokeExact(state, Native.string(arena, name), MFD_CLOEXEC);
      if (fd < 0) {
        throw new ErrnoException("memfd_create(" + name + ")", Native.errno(state));
      }
      return new SharedMemory(Fd.adopt(fd));
    } catch (ErrnoException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// Returns the descriptor, which stays this object's.
  public Fd fd() {
    return fd;
  }

  /// Returns how many bytes there are.
  public long size() throws IOException {
    try (FileChannel channel = channel()) {
      return channel.size();
    }
  }

  /// Maps a part of it for reading and writing; what lies beyond the end is added as zeros. The
  /// mapping outlives this object.
  ///
  /// @param offset a multiple of the page size
  public MemorySegment map(long offset, long size, Arena arena) throws IOException {
    try (FileChannel channel = channel()) {
      return channel.map(MapMode.READ_WRITE, offset, size, arena);
    }
  }

  private FileChannel channel() throws IOException {
    fd.use("open");
    try {
      return FileChannel.open(
          Path.of("/proc/self/fd/" + fd.number()),
          StandardOpenOption.READ,
          StandardOpenOption.WRITE);
    } finally {
      fd.unuse();
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
