package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/// A directory that was found below another as if that one were `/`: no symlink on the way leads
/// out of it. Names are any bytes. Confined to one thread; closed by its owner.
public final class RootedDirectory implements AutoCloseable {
  private static final long SYS_OPENAT2 = 437; // asm-generic/unistd.h and x86: Linux 5.6
  private static final long O_PATH = 0x200000; // asm-generic/fcntl.h
  private static final long O_CLOEXEC = 0x80000; // asm-generic/fcntl.h
  private static final long O_DIRECTORY = directoryFlag();
  private static final long RESOLVE_NO_MAGICLINKS = 0x02; // linux/openat2.h, as the next
  private static final long RESOLVE_IN_ROOT = 0x10;
  private static final long OPEN_HOW_SIZE = 24; // struct open_how: u64 flags, mode, resolve

  // long syscall(long number, ...); openat2(int dirfd, const char *pathname,
  //                                         struct open_how *how, size_t size)
  private static final MethodHandle SYSCALL =
      Native.downcall(
          "syscall",
          FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG),
          Linker.Option.firstVariadicArg(1));

  private final OpenPath open;

  private RootedDirectory(OpenPath open) {
    this.open = open;
  }

  /// Opens the directory `path` below `root`; empty if there is nothing of that name.
  ///
  /// @param path relative to `root`, without NUL; symlinks in it are followed within `root`
  /// @throws ErrnoException `ENOTDIR` if it, or what it should be in, is no directory; others if
  ///   `root` cannot be opened, or openat2(2) fails otherwise
  public static Optional<RootedDirectory> find(Path root, byte[] path) throws ErrnoException {
    try (OpenPath base = OpenPath.open(root.toString(), OpenPath.O_RDONLY);
        Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocate(path.length + 1L);
      MemorySegment.copy(path, 0, name, JAVA_BYTE, 0, path.length);
      MemorySegment how = arena.allocate(OPEN_HOW_SIZE, Long.BYTES);
      how.set(JAVA_LONG, 0, O_PATH | O_CLOEXEC | O_DIRECTORY);
      how.set(JAVA_LONG, 16, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
      MemorySegment state = Native.errnoState(arena);
      long fd = openat2(state, base.fd(), name, how);
      if (fd >= 0) {
        return Optional.of(new RootedDirectory(OpenPath.adopt((int) fd)));
      }
      int errno = Native.errno(state);
      if (errno == Errno.ENOENT.number()) {
        return Optional.empty();
      }
      throw new ErrnoException(
          "openat2(%s, %s)".formatted(root, new String(path, StandardCharsets.UTF_8)), errno);
    }
  }

  private static long openat2(MemorySegment state, int fd, MemorySegment name, MemorySegment how) {
    try {
      return (long) SYSCALL.invokeExact(state, SYS_OPENAT2, (long) fd, name, how, how.byteSize());
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// `O_DIRECTORY`: arm64 has its own number (asm/fcntl.h).
  private static long directoryFlag() {
    return System.getProperty("os.arch").equals("aarch64") ? 0x4000 : 0x10000;
  }

  /// Returns a path for this directory, of ASCII letters only, for as long as it is open.
  public Path path() {
    return Path.of("/proc/self/fd/" + open.fd() + "/.");
  }

  @Override
  public void close() {
    open.close();
  }
}
