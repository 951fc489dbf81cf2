package dev.asterism.fuse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Tells, from `/proc/<tid>/status`, whether a thread that waits for an answer is about to die.
///
/// The kernel sends INTERRUPT for every signal, but a signal that the process handles is no reason
/// to fail its system call: a local disk would not. Only a thread that will never see the result
/// may be told EINTR.
final class Requester {
  /// Signals whose default action ends the process: as a mask, signal n is bit n - 1 (`signal(7)`).
  /// A deadly signal without a core dump shows as SIGKILL in every thread at once; one with a core
  /// dump stays itself until a thread returns from the kernel.
  private static final long CORE_DUMPS = bits(3, 4, 5, 6, 7, 8, 11, 24, 25, 31);

  private static final long SIGKILL = bits(9);

  private final Path proc;

  /// @param proc `/proc` of the mount's pid namespace
  Requester(Path proc) {
    this.proc = proc;
  }

  /// Tells whether the thread is dying or gone, or cannot be seen (`pid` 0).
  boolean isDying(int pid) {
    if (pid == 0) {
      return true;
    }
    try {
      return isDying(
          Files.readString(
              proc.resolve(Integer.toString(pid)).resolve("status"), StandardCharsets.ISO_8859_1));
    } catch (NoSuchFileException _) {
      return true;
    } catch (IOException e) {
      // ESRCH: the thread ended between open(2) and read(2).
      return String.valueOf(e.getMessage()).contains("No such process");
    }
  }

  /// Reads the text of `/proc/<tid>/status`, as `proc_pid_status(5)` has it.
  static boolean isDying(String status) {
    long pending = mask(status, "SigPnd:") | mask(status, "ShdPnd:");
    long harmless = mask(status, "SigBlk:") | mask(status, "SigIgn:") | mask(status, "SigCgt:");
    return (pending & SIGKILL) != 0 || (pending & ~harmless & CORE_DUMPS) != 0;
  }

  private static long mask(String status, String field) {
    int start = status.indexOf("\n" + field);
    if (start < 0) {
      return 0;
    }
    int end = status.indexOf('\n', start + 1);
    return Long.parseUnsignedLong(
        status.substring(start + 1 + field.length(), end < 0 ? status.length() : end).strip(), 16);
  }

  private static long bits(int... signals) {
    long mask = 0;
    for (int signal : signals) {
      mask |= 1L << (signal - 1);
    }
    return mask;
  }
}
