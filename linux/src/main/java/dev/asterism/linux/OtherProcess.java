package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// Another process, held by a descriptor (`pidfd_open(2)`), so that its number cannot become
/// another's meanwhile. Thread-safe.
public final class OtherProcess implements AutoCloseable {
  // long syscall(long number, ...); three arguments are passed always
  private static final MethodHandle SYSCALL =
      Native.downcall(
          "syscall",
          FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
          Linker.Option.firstVariadicArg(1));
  // int kill(pid_t pid, int sig);
  private static final MethodHandle KILL =
      Native.downcall("kill", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));

  // asm-generic/unistd.h: the same numbers on every architecture
  private static final long PIDFD_OPEN = 434;
  private static final long PIDFD_GETFD = 438;

  private static final int SIGKILL = 9;

  /// Of the 22nd field of `/proc/<pid>/stat`, counted from the one after the name in parentheses.
  private static final int START_TIME = 22 - 3;

  private final int pid;
  private final Fd fd;

  private OtherProcess(int pid, Fd fd) {
    this.pid = pid;
    this.fd = fd;
  }

  /// Opens a process.
  ///
  /// @throws ErrnoException `ESRCH` if there is none
  public static OtherProcess open(int pid) throws ErrnoException {
    long fd = syscall("pidfd_open(" + pid + ")", PIDFD_OPEN, pid, 0, 0);
    return new OtherProcess(pid, Fd.adopt((int) fd));
  }

  /// Returns when it was started, in clock ticks since the machine was: with its number this names
  /// a process as long as the machine is up.
  ///
  /// @throws IOException if it is gone
  public long startTime() throws IOException {
    String stat =
        Files.readString(
            Path.of("/proc", Integer.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
    return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[START_TIME]);
  }

  /// Returns a descriptor of its own for what that process has open under `number`; close-on-exec.
  ///
  /// @throws ErrnoException `EBADF` if it has nothing there; `EPERM` without CAP_SYS_PTRACE where
  ///   the machine asks for that; `ESRCH` if it has ended
  public Fd descriptor(int number) throws ErrnoException {
    fd.use("pidfd_getfd");
    try {
      String call = "pidfd_getfd(process %d, %d)".formatted(pid, number);
      return Fd.adopt((int) syscall(call, PIDFD_GETFD, fd.number(), number, 0));
    } finally {
      fd.unuse();
    }
  }

  /// Returns its process id.
  public int pid() {
    return pid;
  }

  /// Kills a process group. Does nothing if it is gone.
  ///
  /// @param leader the process that leads it: who calls knows that the number is still that one's
  /// @throws ErrnoException if that is not allowed
  public static void killGroup(int leader) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      int result = (int) KILL.invokeExact(state, -leader, SIGKILL);
      if (result < 0 && Native.errno(state) != Errno.ESRCH.number()) {
        throw new ErrnoException("kill(-" + leader + ")", Native.errno(state));
      }
    } catch (ErrnoException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  private static long syscall(String call, long number, long a, long b, long c)
      throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      long result = (long) SYSCALL.invokeExact(state, number, a, b, c, 0L);
      if (result < 0) {
        throw new ErrnoException(call, Native.errno(state));
      }
      return result;
    } catch (ErrnoException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  @Override
  public void close() {
    fd.close();
  }

  @Override
  public String toString() {
    return "process " + pid;
  }
}
