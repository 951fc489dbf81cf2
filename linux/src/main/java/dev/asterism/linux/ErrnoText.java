package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/// Finds the errno inside an exception of the JDK, which keeps only its text.
///
/// The JDK takes the text from strerror(3) of this process, in whatever language it runs, and so do
/// we: comparing the two needs no list of messages. Thread-safe.
public final class ErrnoText {
  // char *strerror(int errnum);
  private static final MethodHandle STRERROR =
      Native.downcall("strerror", FunctionDescriptor.of(ADDRESS, JAVA_INT));

  private static final Map<Errno, String> TEXTS = texts();

  private ErrnoText() {}

  /// Returns the error that made `failure`; empty if it was none that [Errno] lists.
  public static Optional<Errno> find(IOException failure) {
    return switch (failure) {
      case ErrnoException e -> named(e);
      case FileAlreadyExistsException _ -> Optional.of(Errno.EEXIST);
      case NoSuchFileException _ -> Optional.of(Errno.ENOENT);
      default -> inText(String.valueOf(failure.getMessage()));
    };
  }

  private static Optional<Errno> named(ErrnoException failure) {
    return TEXTS.keySet().stream().filter(failure::is).findFirst();
  }

  /// A text ends with the error's, after the paths where there are any.
  private static Optional<Errno> inText(String message) {
    return TEXTS.entrySet().stream()
        .filter(known -> message.endsWith(known.getValue()))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  private static Map<Errno, String> texts() {
    Map<Errno, String> texts = new EnumMap<>(Errno.class);
    for (Errno errno : Errno.values()) {
      texts.put(errno, text(errno.number()));
    }
    return texts;
  }

  private static String text(int errno) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = (MemorySegment) STRERROR.invokeExact(Native.errnoState(arena), errno);
      return text.reinterpret(1024).getString(0);
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }
}
