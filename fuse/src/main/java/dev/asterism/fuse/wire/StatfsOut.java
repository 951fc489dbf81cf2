package dev.asterism.fuse.wire;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/// Answer to `FUSE_STATFS`: `struct fuse_kstatfs`, 80 bytes.
public record StatfsOut(
    long blocks,
    long bfree,
    long bavail,
    long files,
    long ffree,
    int bsize,
    int namelen,
    int frsize) {
  /// Bytes of the struct.
  public static final int SIZE = 80;

  /// Encodes into the first bytes of `out`.
  public void encode(MemorySegment out) {
    out.asSlice(0, SIZE).fill((byte) 0);
    out.set(JAVA_LONG_UNALIGNED, 0, blocks);
    out.set(JAVA_LONG_UNALIGNED, 8, bfree);
    out.set(JAVA_LONG_UNALIGNED, 16, bavail);
    out.set(JAVA_LONG_UNALIGNED, 24, files);
    out.set(JAVA_LONG_UNALIGNED, 32, ffree);
    out.set(JAVA_INT_UNALIGNED, 40, bsize);
    out.set(JAVA_INT_UNALIGNED, 44, namelen);
    out.set(JAVA_INT_UNALIGNED, 48, frsize);
  }
}
