package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/// How much the kernel's scheduler cares for a thread.
public final class Priority {
  private static final int PRIO_PROCESS = 0; // sys/resource.h
  private static final int CALLING_THREAD = 0; // setpriority(2), "C library/kernel differences"

  /// What setpriority(2) takes at most: the least that a thread can get.
  public static final int LOWEST = 19;

  // int setpriority(__priority_which_t which, id_t who, int value);
  private static final MethodHandle SETPRIORITY =
      Native.downcall("setpriority", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));

  private Priority() {}

  /// Lets the calling platform thread stand back behind others, on the processors and, where the
  /// kernel's scheduler looks at it, at the disk. For good: an ordinary process cannot take it
  /// back.
  ///
  /// @param nice from 0, as the others, to [#LOWEST]
  /// @return 0, or the errno
  public static int lower(int nice) {
    try (Arena arena = Arena.ofConfined()) {
      var state = Native.errnoState(arena);
      int result = (int) SETPRIORITY.invokeExact(state, PRIO_PROCESS, CALLING_THREAD, nice);
      return result == 0 ? 0 : Native.errno(state);
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }
}
