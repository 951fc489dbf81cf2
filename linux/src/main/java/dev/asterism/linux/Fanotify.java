package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Tells which files of one file system are opened, whoever opens them and in whatever mount
/// namespace (`fanotify(7)`). Confined to one thread, a platform thread: its calls block in native
/// code.
public final class Fanotify implements AutoCloseable {
  // int fanotify_init(unsigned int flags, unsigned int event_f_flags);
  private static final MethodHandle INIT =
      Native.downcall("fanotify_init", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  // int fanotify_mark(int fanotify_fd, unsigned int flags, uint64_t mask, int dirfd,
  //                   const char *pathname);
  private static final MethodHandle MARK =
      Native.downcall(
          "fanotify_mark",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, ADDRESS));
  // int poll(struct pollfd *fds, nfds_t nfds, int timeout);
  private static final MethodHandle POLL =
      Native.downcall("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

  // linux/fanotify.h
  private static final int FAN_CLOEXEC = 0x1;
  private static final int FAN_NONBLOCK = 0x2;
  private static final int FAN_UNLIMITED_QUEUE = 0x10;
  private static final int FAN_MARK_ADD = 0x1;
  private static final int FAN_MARK_FILESYSTEM = 0x100; // Linux 4.20
  private static final long FAN_OPEN = 0x20;
  private static final long FAN_Q_OVERFLOW = 0x4000;
  private static final int METADATA_VERSION = 3;

  // struct fanotify_event_metadata: u32 event_len, u8 vers, u8 reserved, u16 metadata_len,
  // u64 mask, s32 fd, s32 pid
  private static final int METADATA_SIZE = 24;

  private static final int AT_FDCWD = -100;
  private static final int O_CLOEXEC = 0x80000;

  /// Else opening a FIFO for us would wait for its writer.
  private static final int O_NONBLOCK = 0x800;

  private static final short POLLIN = 1;
  private static final int BUFFER_SIZE = 64 << 10; // 64 KiB: some 2,700 events

  private final Fd fd;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment buffer = arena.allocate(BUFFER_SIZE, 8);
  private long lost;

  private Fanotify(Fd fd) {
    this.fd = fd;
  }

  /// Watches the file system that is mounted at `mountpoint`, all mounts of it.
  ///
  /// @throws ErrnoException `EPERM` without CAP_SYS_ADMIN; `ENOSYS` where the kernel has no
  ///   fanotify
  public static Fanotify ofOpens(Path mountpoint) throws ErrnoException {
    Fanotify made = new Fanotify(init());
    try {
      made.mark(mountpoint);
      return made;
    } catch (ErrnoException e) {
      made.close();
      throw e;
    }
  }

  private static Fd init() throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      int result =
          (int)
              INIT.invokeExact(
                  state,
                  FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE,
                  largeFile() | O_CLOEXEC | O_NONBLOCK);
      if (result < 0) {
        throw new ErrnoException("fanotify_init", Native.errno(state));
      }
      return Fd.adopt(result);
    } catch (ErrnoException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// `O_LARGEFILE`: glibc hides it, the kernel wants it for files of 2 GiB and more; arm64 has its
  /// own number (asm/fcntl.h).
  private static int largeFile() {
    return System.getProperty("os.arch").equals("aarch64") ? 0x20000 : 0x8000;
  }

  private void mark(Path mountpoint) throws ErrnoException {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(call);
      MemorySegment path = Native.string(call, mountpoint.toString());
      int result =
          (int)
              MARK.invokeExact(
                  state, fd.number(), FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN, AT_FDCWD, path);
      if (result < 0) {
        throw new ErrnoException("fanotify_mark(" + mountpoint + ")", Native.errno(state));
      }
    } catch (ErrnoException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// Waits for opens of files that are no directories.
  ///
  /// @param milliseconds to wait at most; 0 does not wait
  /// @return their paths in the order of the opens, as seen in the mount they went through: the
  ///   same file may come again; empty if nothing happened
  /// @throws IOException if the kernel fails
  public List<Path> next(int milliseconds) throws IOException {
    if (!isReadable(milliseconds)) {
      return List.of();
    }
    int length;
    try {
      length = fd.read(buffer);
    } catch (ErrnoException e) {
      // Of an event whose file cannot be opened for us the kernel says only that.
      lost++;
      return List.of();
    }
    List<Path> opened = new ArrayList<>();
    for (int at = 0; at + METADATA_SIZE <= length; ) {
      int size = buffer.get(JAVA_INT_UNALIGNED, at);
      int version = buffer.get(JAVA_BYTE, at + 4L);
      if (version != METADATA_VERSION || size < METADATA_SIZE || size > length - at) {
        throw new IOException(
            "the kernel's fanotify speaks version %d, not %d".formatted(version, METADATA_VERSION));
      }
      long mask = buffer.get(JAVA_LONG_UNALIGNED, at + 8L);
      int file = buffer.get(JAVA_INT_UNALIGNED, at + 16L);
      if ((mask & FAN_Q_OVERFLOW) != 0 || file < 0) {
        lost++;
      } else {
        opened.add(pathOf(file));
      }
      at += size;
    }
    return opened;
  }

  /// Returns how many times events were lost: their file was gone before it could be named.
  public long lost() {
    return lost;
  }

  private static Path pathOf(int number) throws IOException {
    try (Fd _ = Fd.adopt(number)) {
      return Files.readSymbolicLink(Path.of("/proc/self/fd", Integer.toString(number)));
    }
  }

  private boolean isReadable(int milliseconds) throws ErrnoException {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(call);
      MemorySegment poll = call.allocate(8, 4); // struct pollfd: int fd, short events, revents
      poll.set(JAVA_INT, 0, fd.number());
      poll.set(JAVA_SHORT, 4, POLLIN);
      int ready = (int) POLL.invokeExact(state, poll, 1L, milliseconds);
      if (ready < 0 && Native.errno(state) != Errno.EINTR.number()) {
        throw new ErrnoException("poll", Native.errno(state));
      }
      return ready > 0;
    } catch (ErrnoException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  @Override
  public void close() {
    fd.close();
    arena.close();
  }
}
