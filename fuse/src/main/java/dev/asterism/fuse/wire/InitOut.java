package dev.asterism.fuse.wire;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/// Answer to `FUSE_INIT`: `struct fuse_init_out`, 64 bytes.
///
/// @param flags 64 bits; the upper ones travel in `flags2`
/// @param maxBackground asynchronous requests that the kernel has under way at a time; 16 bits
/// @param congestionThreshold from how many of them on it calls itself congested; 16 bits
/// @param maxWrite bytes; also tells how large a read(2) of the device must be
/// @param timeGran granularity of times in nanoseconds
/// @param maxPages pages of the largest request; 16 bits
/// @param maxStackDepth how many file systems may be stacked below this one, 0 to 2
public record InitOut(
    int major,
    int minor,
    int maxReadahead,
    long flags,
    int maxBackground,
    int congestionThreshold,
    int maxWrite,
    int timeGran,
    int maxPages,
    int maxStackDepth) {
  /// Bytes of the struct.
  public static final int SIZE = 64;

  /// Encodes into the first bytes of `out`.
  public void encode(MemorySegment out) {
    out.asSlice(0, SIZE).fill((byte) 0);
    out.set(JAVA_INT_UNALIGNED, 0, major);
    out.set(JAVA_INT_UNALIGNED, 4, minor);
    out.set(JAVA_INT_UNALIGNED, 8, maxReadahead);
    out.set(JAVA_INT_UNALIGNED, 12, (int) flags);
    out.set(JAVA_SHORT_UNALIGNED, 16, (short) maxBackground);
    out.set(JAVA_SHORT_UNALIGNED, 18, (short) congestionThreshold);
    out.set(JAVA_INT_UNALIGNED, 20, maxWrite);
    out.set(JAVA_INT_UNALIGNED, 24, timeGran);
    out.set(JAVA_SHORT_UNALIGNED, 28, (short) maxPages);
    out.set(JAVA_INT_UNALIGNED, 32, (int) (flags >>> 32));
    out.set(JAVA_INT_UNALIGNED, 36, maxStackDepth);
  }
}
