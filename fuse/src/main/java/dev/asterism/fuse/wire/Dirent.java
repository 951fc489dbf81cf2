package dev.asterism.fuse.wire;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/// Start of one row in the answer to `FUSE_READDIR`: `struct fuse_dirent`, 24 bytes, followed by
/// the name and zeros up to a multiple of 8. `FUSE_READDIRPLUS` puts an [EntryOut] before each.
///
/// @param off where the listing goes on after this row; not 0
/// @param type bits 12 to 15 of the mode, shifted down
public record Dirent(long ino, long off, int type) {
  private static final int HEADER = 24;

  /// Returns the bytes of a row whose name has `nameSize`.
  public static int size(int nameSize) {
    return (HEADER + nameSize + 7) & ~7;
  }

  /// Encodes the row into the first [#size] bytes of `out`.
  public void encode(MemorySegment out, byte[] name) {
    out.set(JAVA_LONG_UNALIGNED, 0, ino);
    out.set(JAVA_LONG_UNALIGNED, 8, off);
    out.set(JAVA_INT_UNALIGNED, 16, name.length);
    out.set(JAVA_INT_UNALIGNED, 20, type);
    MemorySegment.copy(name, 0, out, JAVA_BYTE, HEADER, name.length);
    out.asSlice(HEADER + name.length, size(name.length) - HEADER - name.length).fill((byte) 0);
  }
}
