package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/// What the kernel holds of a file in memory. Immutable.
///
/// @param cached pages that are in memory
/// @param dirty pages among them that are not on the disk yet
/// @param recentlyEvicted pages that were in memory, and would be again soon as they are used
public record PageCache(long cached, long dirty, long recentlyEvicted) {
  private static final long CACHESTAT = 451; // the same on every architecture, Linux 6.5
  private static final int RANGE = 16; // struct cachestat_range, linux/mman.h
  private static final int RESULT =
      40; // struct cachestat: cache, dirty, writeback, evicted, recently

  // long syscall(long number, ...);
  private static final MethodHandle SYSCALL =
      Native.downcall(
          "syscall",
          FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT),
          Linker.Option.firstVariadicArg(1));

  private static final int DONTNEED = 4; // POSIX_FADV_DONTNEED, linux/fadvise.h

  // int posix_fadvise(int fd, off_t offset, off_t len, int advice);
  private static final MethodHandle FADVISE =
      Native.downcall(
          "posix_fadvise",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));

  /// Asks about a whole file. cachestat(2).
  ///
  /// @return empty if the kernel or the file system cannot tell, or the file cannot be opened
  public static Optional<PageCache> of(String path) {
    try (OpenPath open = OpenPath.open(path, OpenPath.O_RDONLY);
        Arena arena = Arena.ofConfined()) {
      MemorySegment range = arena.allocate(RANGE, Long.BYTES); // zeros: from 0 to the end
      MemorySegment result = arena.allocate(RESULT, Long.BYTES);
      long status =
          (long)
              SYSCALL.invokeExact(Native.errnoState(arena), CACHESTAT, open.fd(), range, result, 0);
      return status == 0
          ? Optional.of(
              new PageCache(
                  result.get(JAVA_LONG, 0), result.get(JAVA_LONG, 8), result.get(JAVA_LONG, 32)))
          : Optional.empty();
    } catch (ErrnoException _) {
      return Optional.empty(); // gone, or not ours to read
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// Lets the kernel drop what it holds of a file in memory and can read again. posix_fadvise(2),
  /// `POSIX_FADV_DONTNEED`. Nothing happens where the file cannot be opened.
  public static void drop(String path) {
    try (OpenPath open = OpenPath.open(path, OpenPath.O_RDONLY);
        Arena arena = Arena.ofConfined()) {
      int _ = (int) FADVISE.invokeExact(Native.errnoState(arena), open.fd(), 0L, 0L, DONTNEED);
    } catch (ErrnoException _) {
      // gone, or not ours to read: then it was not we who brought it there
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// Tells whether the file is being read, as far as memory shows.
  public boolean isInUse() {
    return cached > 0 || recentlyEvicted > 0;
  }
}
