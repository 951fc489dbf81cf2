package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

/// Reads directories with the inode number of each entry, which getdents64(2) gives for nothing and
/// the JDK does not: a store of a million links is counted without a million calls of stat(2).
///
/// The number is the file's own on every file system that keeps it in the directory (ext4, XFS,
/// Btrfs, tmpfs); of a mountpoint it is the one of what lies below. Thread-safe.
public final class DirectoryEntries {
  // ssize_t getdents64(int fd, void *dirp, size_t count);
  private static final MethodHandle GETDENTS64 =
      Native.downcall("getdents64", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));

  private static final long BUFFER = 64 << 10; // 64 KiB: some thousand names at a time

  // struct linux_dirent64 (linux/dirent.h): u64 ino, s64 off, u16 length, u8 type, name, NUL.
  private static final long LENGTH = 16;
  private static final long TYPE = 18;
  private static final long NAME = 19;
  private static final int DT_UNKNOWN = 0; // linux/fs_types.h
  private static final int DT_DIR = 4;
  private static final int DT_REG = 8;

  private DirectoryEntries() {}

  /// What an entry is, as far as the directory itself tells.
  public enum EntryType {
    /// A regular file.
    FILE,
    /// A directory.
    DIRECTORY,
    /// The file system does not say: ask [Links#find].
    UNKNOWN,
    /// A link, a socket, a device.
    OTHER
  }

  /// Takes the entries of a directory one by one, `.` and `..` left out.
  @FunctionalInterface
  public interface Visitor {
    /// Takes an entry.
    ///
    /// @throws IOException to end the reading
    void visit(String name, long inode, EntryType type) throws IOException;
  }

  /// Reads a directory in the order of the file system. What is added or removed meanwhile may be
  /// seen or not.
  ///
  /// @return false if there is no such directory
  /// @throws ErrnoException if it cannot be opened or read
  /// @throws IOException as the visitor
  public static boolean read(String path, Visitor visitor) throws IOException {
    try (OpenPath directory = OpenPath.open(path, OpenPath.O_RDONLY);
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(BUFFER, Long.BYTES);
      MemorySegment state = Native.errnoState(arena);
      for (long length = fill(path, directory, buffer, state);
          length > 0;
          length = fill(path, directory, buffer, state)) {
        visitAll(buffer.asSlice(0, length), visitor);
      }
      return true;
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
  }

  /// Reads the next entries; 0 at the end.
  private static long fill(
      String path, OpenPath directory, MemorySegment buffer, MemorySegment state)
      throws ErrnoException {
    long length;
    try {
      length = (long) GETDENTS64.invokeExact(state, directory.fd(), buffer, buffer.byteSize());
    } catch (Throwable e) {
      throw Native.bug(e);
    }
    if (length < 0) {
      throw new ErrnoException("getdents64(%s)".formatted(path), Native.errno(state));
    }
    return length;
  }

  private static void visitAll(MemorySegment entries, Visitor visitor) throws IOException {
    for (long at = 0; at < entries.byteSize(); ) {
      int length = Short.toUnsignedInt(entries.get(JAVA_SHORT_UNALIGNED, at + LENGTH));
      MemorySegment entry = entries.asSlice(at, length);
      String name = entry.getString(NAME, StandardCharsets.UTF_8);
      if (!name.equals(".") && !name.equals("..")) {
        visitor.visit(name, entry.get(JAVA_LONG_UNALIGNED, 0), type(entry.get(JAVA_BYTE, TYPE)));
      }
      at += length;
    }
  }

  private static EntryType type(int type) {
    return switch (type) {
      case DT_REG -> EntryType.FILE;
      case DT_DIR -> EntryType.DIRECTORY;
      case DT_UNKNOWN -> EntryType.UNKNOWN;
      default -> EntryType.OTHER;
    };
  }
}
