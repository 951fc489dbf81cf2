package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The memory of this process that is pages of the Java runtime's own files: the code of its
/// library, and the archive of classes that it was started with.
///
/// A start touches nearly all of them and what runs afterwards a few. Taken out of the process they
/// stay in the page cache, which the kernel makes room in when it needs it; what is touched again
/// is mapped again, 64 KiB at a time, in about a microsecond. Thread-safe.
public final class RuntimePages {
  private static final Path SMAPS = Path.of("/proc/self/smaps"); // proc_pid_smaps(5)
  private static final int MADV_DONTNEED = 4; // asm-generic/mman-common.h
  private static final int KIB = 1024;

  // int madvise(void *addr, size_t length, int advice);
  private static final MethodHandle MADVISE =
      Native.downcall("madvise", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

  // Private and not to be written; both files stay mapped as long as the process lives, so that the
  // range is theirs whenever it is given back.
  private static final Pattern RUNTIME =
      Pattern.compile(
          "([0-9a-f]+)-([0-9a-f]+) r-[x-]p \\S+ \\S+ \\S+ +/.*(?:/libjvm\\.so|\\.aot|\\.jsa)");

  private static final Pattern FIELD = Pattern.compile("(Rss|Anonymous|Private_Dirty): +(\\d+) kB");

  private RuntimePages() {}

  /// A mapping of such a file; sizes in bytes.
  private static final class Mapping {
    private final long start;
    private final long length;
    private long resident;
    private long changed;

    Mapping(long start, long end) {
      this.start = start;
      this.length = end - start;
    }

    /// Takes note of a line of proc_pid_smaps(5) about it.
    void read(String line) {
      Matcher field = FIELD.matcher(line);
      if (field.matches()) {
        long bytes = Long.parseLong(field.group(2)) * KIB;
        if (field.group(1).equals("Rss")) {
          resident = bytes;
        } else {
          changed += bytes;
        }
      }
    }
  }

  /// Gives them back. Mappings of which the process has made a page its own are left alone: where
  /// the archive is not where it was made for, or a debugger has set breakpoints.
  ///
  /// @return bytes that were resident and are no more
  /// @throws IOException if proc(5) is not there, or the kernel refuses (madvise(2))
  public static long giveBack() throws IOException {
    long given = 0;
    for (Mapping mapping : mappings()) {
      if (mapping.changed == 0 && mapping.resident > 0) {
        advise(mapping);
        given += mapping.resident;
      }
    }
    return given;
  }

  /// Returns how many bytes of them are resident, changed or not.
  ///
  /// @throws IOException if proc(5) is not there
  public static long resident() throws IOException {
    return mappings().stream().mapToLong(mapping -> mapping.resident).sum();
  }

  private static List<Mapping> mappings() throws IOException {
    List<Mapping> found = new ArrayList<>();
    try (BufferedReader lines = Files.newBufferedReader(SMAPS, StandardCharsets.ISO_8859_1)) {
      boolean ours = false;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (Character.isUpperCase(line.charAt(0))) { // a field, of the mapping above
          if (ours) {
            found.getLast().read(line);
          }
          continue;
        }
        Matcher mapping = RUNTIME.matcher(line);
        ours = mapping.matches();
        if (ours) {
          found.add(
              new Mapping(
                  Long.parseUnsignedLong(mapping.group(1), 16),
                  Long.parseUnsignedLong(mapping.group(2), 16)));
        }
      }
    }
    return found;
  }

  private static void advise(Mapping mapping) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      MemorySegment start = MemorySegment.ofAddress(mapping.start);
      if ((int) MADVISE.invokeExact(state, start, mapping.length, MADV_DONTNEED) != 0) {
        throw new ErrnoException("madvise", Native.errno(state));
      }
    } catch (IOException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }
}
