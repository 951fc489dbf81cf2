package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// What is in a directory, with the number of each inode: for who has to know which names are one
/// file without a call for each. Thread-safe.
public final class Directories {
  /// Bytes that are read at once, some thousand names.
  private static final int BUFFER = 64 << 10; // 64 KiB

  private static final int INODE = 0; // struct linux_dirent64, getdents(2), as the next three
  private static final int LENGTH = 16;
  private static final int TYPE = 18;
  private static final int NAME = 19;

  // ssize_t getdents64(int fd, void *dirp, size_t count);
  private static final MethodHandle GETDENTS64 =
      Native.downcall("getdents64", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));

  private Directories() {}

  /// What a directory entry is; the file system may not say.
  public enum Type {
    FILE,
    DIRECTORY,
    OTHER,
    UNKNOWN;

    /// As `DT_…` in dirent.h.
    private static Type of(byte type) {
      return switch (type) {
        case 8 -> FILE;
        case 4 -> DIRECTORY;
        case 0 -> UNKNOWN;
        default -> OTHER;
      };
    }
  }

  /// Takes the entries of a directory.
  public interface Visitor {
    /// Takes one, in no order; never `.` or `..`.
    ///
    /// @param inode its number within the file system
    void entry(String name, long inode, Type type);
  }

  /// Visits what is in a directory. What comes or goes meanwhile may be visited or not.
  ///
  /// @throws ErrnoException if `path` cannot be opened as a directory, or not be read
  public static void list(String path, Visitor visitor) throws ErrnoException {
    try (OpenPath open = OpenPath.open(path, OpenPath.O_RDONLY);
        Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      MemorySegment buffer = arena.allocate(BUFFER, Long.BYTES);
      while (true) {
        long filled = read(open.fd(), state, buffer);
        if (filled < 0) {
          throw new ErrnoException("getdents64(%s)".formatted(path), Native.errno(state));
        }
        if (filled == 0) {
          return;
        }
        visit(buffer, filled, visitor);
      }
    }
  }

  private static long read(int fd, MemorySegment state, MemorySegment buffer) {
    try {
      return (long) GETDENTS64.invokeExact(state, fd, buffer, (long) BUFFER);
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  private static void visit(MemorySegment buffer, long filled, Visitor visitor) {
    for (long at = 0; at < filled; ) {
      long inode = buffer.get(ValueLayout.JAVA_LONG_UNALIGNED, at + INODE);
      int length = Short.toUnsignedInt(buffer.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + LENGTH));
      Type type = Type.of(buffer.get(ValueLayout.JAVA_BYTE, at + TYPE));
      String name = buffer.getString(at + NAME);
      if (!name.equals(".") && !name.equals("..")) {
        visitor.entry(name, inode, type);
      }
      at += length;
    }
  }
}
