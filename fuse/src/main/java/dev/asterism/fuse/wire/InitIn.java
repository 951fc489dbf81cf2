package dev.asterism.fuse.wire;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/// Body of `FUSE_INIT`: `struct fuse_init_in`, 64 bytes, of which kernels before 7.36 send 16.
///
/// @param flags bits 0 to 31, and 32 to 63 where bit 30 (`FUSE_INIT_EXT`) says that they are there
public record InitIn(int major, int minor, int maxReadahead, long flags) {
  private static final int INIT_EXT = 1 << 30;

  /// Decodes the body.
  public static InitIn decode(MemorySegment in) {
    int low = in.get(JAVA_INT_UNALIGNED, 12);
    boolean extended = (low & INIT_EXT) != 0 && in.byteSize() >= 20;
    long high = extended ? in.get(JAVA_INT_UNALIGNED, 16) : 0;
    return new InitIn(
        in.get(JAVA_INT_UNALIGNED, 0),
        in.get(JAVA_INT_UNALIGNED, 4),
        in.get(JAVA_INT_UNALIGNED, 8),
        high << 32 | Integer.toUnsignedLong(low));
  }
}
