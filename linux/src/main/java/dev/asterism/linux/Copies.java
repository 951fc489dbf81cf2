package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;

/// Copies of bytes that share their blocks with the original, where the file system can (XFS,
/// Btrfs, bcachefs). Thread-safe.
public final class Copies {
  /// `_IOW(0x94, 13, struct file_clone_range)` (linux/fs.h).
  private static final long FICLONERANGE = 0x4020940dL;

  // struct file_clone_range (linux/fs.h)
  private static final StructLayout RANGE =
      MemoryLayout.structLayout(
          JAVA_LONG.withName("src_fd"),
          JAVA_LONG.withName("src_offset"),
          JAVA_LONG.withName("src_length"),
          JAVA_LONG.withName("dest_offset"));

  // int ioctl(int fd, unsigned long request, ...);
  private static final MethodHandle IOCTL =
      Native.downcall(
          "ioctl",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
          Linker.Option.firstVariadicArg(2));

  private Copies() {}

  /// Lets `length` bytes of `to` from `toOffset` share the blocks of `from` at `fromOffset`, as
  /// ioctl_ficlonerange(2) does: offsets are multiples of the block size; so is `length`, unless
  /// the range ends where `from` does. `to` grows as needed.
  ///
  /// Blocks in native code while the source's dirty pages are written to the disk.
  ///
  /// @param length bytes, more than 0
  /// @return 0, or the errno: `EOPNOTSUPP` where the file system does not share blocks, `EXDEV`
  ///   between two file systems, `EINVAL` where the offsets do not fit; `to` is then unchanged
  public static int tryCloneRange(
      String from, long fromOffset, long length, String to, long toOffset) {
    if (length <= 0) {
      throw new IllegalArgumentException("a clone of %d bytes".formatted(length));
    }
    try (OpenPath source = OpenPath.open(from, OpenPath.O_RDONLY);
        OpenPath target = OpenPath.open(to, OpenPath.O_WRONLY);
        Arena arena = Arena.ofConfined()) {
      MemorySegment range = arena.allocate(RANGE);
      range.set(JAVA_LONG, 0, source.fd());
      range.set(JAVA_LONG, 8, fromOffset);
      range.set(JAVA_LONG, 16, length);
      range.set(JAVA_LONG, 24, toOffset);
      MemorySegment state = Native.errnoState(arena);
      int result = (int) IOCTL.invokeExact(state, target.fd(), FICLONERANGE, range);
      return result == 0 ? 0 : Native.errno(state);
    } catch (ErrnoException e) {
      return e.errno();
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }
}
