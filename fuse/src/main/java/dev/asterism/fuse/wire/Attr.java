package dev.asterism.fuse.wire;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.time.Instant;

/// Attributes of a node: `struct fuse_attr`, 88 bytes.
///
/// @param blocks units of 512 bytes
public record Attr(
    long ino,
    long size,
    long blocks,
    Instant atime,
    Instant mtime,
    Instant ctime,
    int mode,
    int nlink,
    int uid,
    int gid,
    int rdev,
    int blksize) {
  /// Bytes of the struct.
  public static final int SIZE = 88;

  /// Encodes into the first bytes of `out`.
  public void encode(MemorySegment out) {
    out.set(JAVA_LONG_UNALIGNED, 0, ino);
    out.set(JAVA_LONG_UNALIGNED, 8, size);
    out.set(JAVA_LONG_UNALIGNED, 16, blocks);
    out.set(JAVA_LONG_UNALIGNED, 24, atime.getEpochSecond());
    out.set(JAVA_LONG_UNALIGNED, 32, mtime.getEpochSecond());
    out.set(JAVA_LONG_UNALIGNED, 40, ctime.getEpochSecond());
    out.set(JAVA_INT_UNALIGNED, 48, atime.getNano());
    out.set(JAVA_INT_UNALIGNED, 52, mtime.getNano());
    out.set(JAVA_INT_UNALIGNED, 56, ctime.getNano());
    out.set(JAVA_INT_UNALIGNED, 60, mode);
    out.set(JAVA_INT_UNALIGNED, 64, nlink);
    out.set(JAVA_INT_UNALIGNED, 68, uid);
    out.set(JAVA_INT_UNALIGNED, 72, gid);
    out.set(JAVA_INT_UNALIGNED, 76, rdev);
    out.set(JAVA_INT_UNALIGNED, 80, blksize);
    out.set(JAVA_INT_UNALIGNED, 84, 0);
  }
}
