package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/// Names of files: making, moving, removing and inspecting them without following a symbolic link.
///
/// The `try…` methods return the errno, 0 for success, because their callers meet `EEXIST` and
/// `ENOENT` as often as success; an exception each would cost more than the call. Thread-safe. The
/// calls block in native code for as long as the file system's journal makes them wait,
/// microseconds as a rule.
public final class Links {
  private static final int AT_FDCWD = -100; // linux/fcntl.h
  private static final int AT_SYMLINK_NOFOLLOW = 0x100; // linux/fcntl.h
  private static final int RENAME_NOREPLACE = 1; // linux/fs.h
  private static final int STATX_BASIC_STATS = 0x7ff; // linux/stat.h
  private static final int STATX_MNT_ID_UNIQUE = 0x4000; // linux/stat.h, Linux 6.8
  private static final int STATX_SIZE = 256; // sizeof(struct statx), linux/stat.h

  // int link(const char *oldpath, const char *newpath);
  private static final MethodHandle LINK =
      Native.downcall("link", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));

  // int rename(const char *oldpath, const char *newpath);
  private static final MethodHandle RENAME =
      Native.downcall("rename", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));

  // int renameat2(int olddirfd, const char *oldpath, int newdirfd, const char *newpath,
  //               unsigned int flags);
  private static final MethodHandle RENAMEAT2 =
      Native.downcall(
          "renameat2",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT));

  // int unlink(const char *pathname);
  private static final MethodHandle UNLINK =
      Native.downcall("unlink", FunctionDescriptor.of(JAVA_INT, ADDRESS));

  // int mkdir(const char *pathname, mode_t mode);
  private static final MethodHandle MKDIR =
      Native.downcall("mkdir", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));

  // int statx(int dirfd, const char *pathname, int flags, unsigned int mask, struct statx *buf);
  private static final MethodHandle STATX =
      Native.downcall(
          "statx", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS));

  private Links() {}

  /// Gives `existing` a second name; never replaces one. link(2).
  public static int tryLink(String existing, String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      int result =
          (int) LINK.invokeExact(state, Native.string(arena, existing), Native.string(arena, name));
      return result == 0 ? 0 : Native.errno(state);
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// As [#tryLink].
  ///
  /// @throws ErrnoException if link(2) fails
  public static void link(String existing, String name) throws ErrnoException {
    int errno = tryLink(existing, name);
    if (errno != 0) {
      throw new ErrnoException("link(%s, %s)".formatted(existing, name), errno);
    }
  }

  /// Moves `from` to `to` in one step, over whatever file stands there. rename(2): does nothing,
  /// and leaves `from`, when both are names of one file.
  public static int tryRename(String from, String to) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      int result =
          (int) RENAME.invokeExact(state, Native.string(arena, from), Native.string(arena, to));
      return result == 0 ? 0 : Native.errno(state);
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// Moves `from` to `to`, or returns `EEXIST` if something stands there. renameat2(2) with
  /// `RENAME_NOREPLACE`, which not every file system has: those answer `EINVAL`.
  public static int tryRenameNew(String from, String to) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      int result =
          (int)
              RENAMEAT2.invokeExact(
                  state,
                  AT_FDCWD,
                  Native.string(arena, from),
                  AT_FDCWD,
                  Native.string(arena, to),
                  RENAME_NOREPLACE);
      return result == 0 ? 0 : Native.errno(state);
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// Removes a name. unlink(2).
  public static int tryUnlink(String path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      int result = (int) UNLINK.invokeExact(state, Native.string(arena, path));
      return result == 0 ? 0 : Native.errno(state);
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// Makes one directory with `mode`, less the process's umask. mkdir(2).
  public static int tryMkdir(String path, int mode) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      int result = (int) MKDIR.invokeExact(state, Native.string(arena, path), mode);
      return result == 0 ? 0 : Native.errno(state);
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// Returns what stands at `path`, empty if nothing does. statx(2).
  ///
  /// @throws ErrnoException for every failure but `ENOENT` and `ENOTDIR`
  public static Optional<FileStatus> find(String path) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment statx = arena.allocate(STATX_SIZE, Long.BYTES);
      int errno = statx(arena, path, STATX_BASIC_STATS, statx);
      if (errno == 0) {
        return Optional.of(decode(statx));
      }
      if (errno == Errno.ENOENT.number() || errno == Errno.ENOTDIR.number()) {
        return Optional.empty();
      }
      throw new ErrnoException("statx(%s)".formatted(path), errno);
    }
  }

  /// Returns the number of the mount that `path` lies on: never used again until the machine stops
  /// (Linux 6.8), or before, an old one may come again. Each mount namespace has its own.
  ///
  /// @throws ErrnoException if statx(2) fails
  public static long mountId(String path) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment statx = arena.allocate(STATX_SIZE, Long.BYTES);
      int errno = statx(arena, path, STATX_MNT_ID_UNIQUE, statx);
      if (errno != 0) {
        throw new ErrnoException("statx(%s)".formatted(path), errno);
      }
      return statx.get(ValueLayout.JAVA_LONG, 144);
    }
  }

  private static int statx(Arena arena, String path, int mask, MemorySegment statx) {
    try {
      MemorySegment state = Native.errnoState(arena);
      int result =
          (int)
              STATX.invokeExact(
                  state, AT_FDCWD, Native.string(arena, path), AT_SYMLINK_NOFOLLOW, mask, statx);
      return result == 0 ? 0 : Native.errno(state);
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// Offsets as in `struct statx` (linux/stat.h), the same on every 64-bit architecture.
  private static FileStatus decode(MemorySegment statx) {
    return new FileStatus(
        FileStatus.device(statx.get(JAVA_INT, 136), statx.get(JAVA_INT, 140)),
        statx.get(ValueLayout.JAVA_LONG, 32),
        Integer.toUnsignedLong(statx.get(JAVA_INT, 16)),
        Short.toUnsignedInt(statx.get(ValueLayout.JAVA_SHORT, 28)),
        statx.get(ValueLayout.JAVA_LONG, 40),
        statx.get(ValueLayout.JAVA_LONG, 48),
        statx.get(ValueLayout.JAVA_LONG, 96));
  }
}
