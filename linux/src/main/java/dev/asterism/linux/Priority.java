package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/// How much the kernel's scheduler cares for a thread.
public final class Priority {
  private static final int PRIO_PROCESS = 0; // sys/resource.h
  private static final int CALLING_THREAD = 0; // setpriority(2), "C library/kernel differences"

  /// What setpriority(2) takes at most: the least that a thread can get.
  public static final int LOWEST = 19;

  // int setpriority(__priority_which_t which, id_t who, int value);
  private static final MethodHandle SETPRIORITY =
      Native.downcall("setpriority", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));

  // int getpriority(__priority_which_t which, id_t who);
  private static final MethodHandle GETPRIORITY =
      Native.downcall("getpriority", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));

  private static final Path THREADS = Path.of("/proc/self/task"); // proc(5)

  private Priority() {}

  /// Lets the calling platform thread stand back behind others, on the processors and, where the
  /// kernel's scheduler looks at it, at the disk. For good: an ordinary process cannot take it
  /// back.
  ///
  /// @param nice from 0, as the others, to [#LOWEST]
  /// @return 0, or the errno
  public static int lower(int nice) {
    try (Arena arena = Arena.ofConfined()) {
      return set(arena, CALLING_THREAD, nice);
    }
  }

  /// Lets those threads of this process stand back whose name begins with `name`, also threads that
  /// Java knows nothing of, and whatever they start. As for [#lower(int)].
  ///
  /// @param name at most 15 characters, as the kernel keeps them
  /// @param by how much is added to their nice value, which ends at [#LOWEST]
  /// @return how many threads there were
  /// @throws IOException if proc(5) is not there
  public static int lower(String name, int by) throws IOException {
    int lowered = 0;
    try (Arena arena = Arena.ofConfined();
        DirectoryStream<Path> threads = Files.newDirectoryStream(THREADS)) {
      for (Path thread : threads) {
        if (nameOf(thread).startsWith(name)) {
          int id = Integer.parseInt(thread.getFileName().toString());
          if (set(arena, id, Math.min(LOWEST, get(arena, id) + by)) == 0) {
            lowered++;
          }
        }
      }
    }
    return lowered;
  }

  private static String nameOf(Path thread) {
    try {
      return Files.readString(thread.resolve("comm"));
    } catch (IOException _) {
      return ""; // it has ended
    }
  }

  /// Returns the nice value of a thread, 0 of one that has ended.
  private static int get(Arena arena, int thread) {
    try {
      MemorySegment state = Native.errnoState(arena);
      int nice = (int) GETPRIORITY.invokeExact(state, PRIO_PROCESS, thread);
      return nice == -1 && Native.errno(state) == Errno.ESRCH.number() ? 0 : nice;
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  private static int set(Arena arena, int thread, int nice) {
    try {
      MemorySegment state = Native.errnoState(arena);
      int result = (int) SETPRIORITY.invokeExact(state, PRIO_PROCESS, thread, nice);
      return result == 0 ? 0 : Native.errno(state);
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }
}
