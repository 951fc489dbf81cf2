package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/// Starting a program that inherits chosen descriptors, and nothing else: what
/// [java.lang.ProcessBuilder] cannot do. Thread-safe.
public final class Spawn {
  /// The number under which the program finds the first descriptor.
  public static final int FIRST = 3;

  // int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *,
  //                 const posix_spawnattr_t *, char *const argv[], char *const envp[]);
  private static final MethodHandle POSIX_SPAWN =
      Native.downcall(
          "posix_spawn",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
  // int posix_spawn_file_actions_init(posix_spawn_file_actions_t *);
  private static final MethodHandle ACTIONS_INIT =
      Native.downcall("posix_spawn_file_actions_init", FunctionDescriptor.of(JAVA_INT, ADDRESS));
  // int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *);
  private static final MethodHandle ACTIONS_DESTROY =
      Native.downcall("posix_spawn_file_actions_destroy", FunctionDescriptor.of(JAVA_INT, ADDRESS));
  // int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *, int fd, const char *path,
  //                                      int oflag, mode_t mode);
  private static final MethodHandle ADD_OPEN =
      Native.downcall(
          "posix_spawn_file_actions_addopen",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
  // int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *, int fd, int newfd);
  private static final MethodHandle ADD_DUP2 =
      Native.downcall(
          "posix_spawn_file_actions_adddup2",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
  // int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int from);
  private static final MethodHandle ADD_CLOSEFROM =
      Native.downcall(
          "posix_spawn_file_actions_addclosefrom_np",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
  // int posix_spawnattr_init(posix_spawnattr_t *);
  private static final MethodHandle ATTRIBUTES_INIT =
      Native.downcall("posix_spawnattr_init", FunctionDescriptor.of(JAVA_INT, ADDRESS));
  // int posix_spawnattr_setflags(posix_spawnattr_t *, short flags);
  private static final MethodHandle SET_FLAGS =
      Native.downcall(
          "posix_spawnattr_setflags", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_SHORT));
  // int posix_spawnattr_setsigmask(posix_spawnattr_t *, const sigset_t *);
  private static final MethodHandle SET_SIGMASK =
      Native.downcall(
          "posix_spawnattr_setsigmask", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
  // pid_t waitpid(pid_t pid, int *wstatus, int options);
  private static final MethodHandle WAITPID =
      Native.downcall(
          "waitpid", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));

  // spawn.h of glibc 2.34 and later: more than the opaque structs have
  private static final int STRUCT_SIZE = 512;
  private static final short SETSIGMASK = 0x08;
  private static final short SETSID = 0x80;

  private static final int O_RDWR = 2;
  private static final long SIGSET_SIZE = 128;

  private Spawn() {}

  /// Starts a program in a session of its own, with nothing to read and nowhere to write, and
  /// returns its process id. It becomes a zombie when it ends before this process: [#reap].
  ///
  /// @param words the path of the program and its arguments
  /// @param descriptors what it has open from [#FIRST] on, in order
  /// @throws ErrnoException if it cannot be started
  public static int detached(List<String> words, List<Fd> descriptors) throws ErrnoException {
    int limit = FIRST + descriptors.size();
    List<Fd> apart = new ArrayList<>(descriptors.size());
    try (Arena arena = Arena.ofConfined()) {
      for (Fd descriptor : descriptors) {
        // Away from the numbers that they get over there: else one could overwrite the next.
        apart.add(descriptor.duplicate(limit));
      }
      MemorySegment actions = arena.allocate(STRUCT_SIZE, 16);
      check("posix_spawn_file_actions_init", (int) ACTIONS_INIT.invokeExact(state(arena), actions));
      try {
        describe(arena, actions, apart);
        return spawn(arena, words, actions);
      } finally {
        int _ = (int) ACTIONS_DESTROY.invokeExact(state(arena), actions);
      }
    } catch (ErrnoException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    } finally {
      apart.forEach(Fd::close);
    }
  }

  private static void describe(Arena arena, MemorySegment actions, List<Fd> descriptors)
      throws Throwable {
    MemorySegment nothing = Native.string(arena, "/dev/null");
    for (int number = 0; number < FIRST; number++) {
      check(
          "posix_spawn_file_actions_addopen",
          (int) ADD_OPEN.invokeExact(state(arena), actions, number, nothing, O_RDWR, 0));
    }
    int number = FIRST;
    for (Fd descriptor : descriptors) {
      check(
          "posix_spawn_file_actions_adddup2",
          (int) ADD_DUP2.invokeExact(state(arena), actions, descriptor.number(), number++));
    }
    check(
        "posix_spawn_file_actions_addclosefrom_np",
        (int) ADD_CLOSEFROM.invokeExact(state(arena), actions, number));
  }

  private static int spawn(Arena arena, List<String> words, MemorySegment actions)
      throws Throwable {
    MemorySegment attributes = arena.allocate(STRUCT_SIZE, 16);
    MemorySegment noSignals = arena.allocate(SIGSET_SIZE, 8);
    check("posix_spawnattr_init", (int) ATTRIBUTES_INIT.invokeExact(state(arena), attributes));
    check(
        "posix_spawnattr_setflags",
        (int) SET_FLAGS.invokeExact(state(arena), attributes, (short) (SETSIGMASK | SETSID)));
    check(
        "posix_spawnattr_setsigmask",
        (int) SET_SIGMASK.invokeExact(state(arena), attributes, noSignals));
    MemorySegment pid = arena.allocate(JAVA_INT);
    MemorySegment path = Native.string(arena, words.getFirst());
    MemorySegment arguments = strings(arena, words);
    MemorySegment environment = strings(arena, List.of("PATH=/usr/sbin:/usr/bin:/sbin:/bin"));
    check(
        "posix_spawn(" + words.getFirst() + ")",
        (int)
            POSIX_SPAWN.invokeExact(
                state(arena), pid, path, actions, attributes, arguments, environment));
    return pid.get(JAVA_INT, 0);
  }

  /// Returns a NULL-terminated array of strings.
  private static MemorySegment strings(Arena arena, List<String> words) {
    MemorySegment array = arena.allocate(ADDRESS, words.size() + 1L);
    for (int i = 0; i < words.size(); i++) {
      array.setAtIndex(ValueLayout.ADDRESS, i, Native.string(arena, words.get(i)));
    }
    return array;
  }

  /// Waits for the end of a child that was killed, so that nothing of it is left. Does nothing for
  /// who is no child of this process.
  public static void reap(int pid) {
    try (Arena arena = Arena.ofConfined()) {
      int _ = (int) WAITPID.invokeExact(state(arena), pid, arena.allocate(JAVA_INT), 0);
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  private static MemorySegment state(Arena arena) {
    return Native.errnoState(arena);
  }

  /// These functions return their error instead of setting errno.
  private static void check(String call, int error) throws ErrnoException {
    if (error != 0) {
      throw new ErrnoException(call, error);
    }
  }
}
