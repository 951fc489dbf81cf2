package dev.asterism.fuse.wire;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/// Body of `FUSE_READ`, `FUSE_READDIR` and `FUSE_READDIRPLUS`: `struct fuse_read_in`, 40 bytes,
/// whose flags and lock owner are left out.
///
/// @param offset in a file, bytes; in a directory, the `off` of the last entry that was taken
/// @param size bytes
public record ReadIn(long fh, long offset, int size) {
  /// Decodes the body.
  public static ReadIn decode(MemorySegment in) {
    return new ReadIn(
        in.get(JAVA_LONG_UNALIGNED, 0),
        in.get(JAVA_LONG_UNALIGNED, 8),
        in.get(JAVA_INT_UNALIGNED, 16));
  }
}
