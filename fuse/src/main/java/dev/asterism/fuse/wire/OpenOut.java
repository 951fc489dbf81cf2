package dev.asterism.fuse.wire;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/// Answer to `FUSE_OPEN` and `FUSE_OPENDIR`: `struct fuse_open_out`, 16 bytes.
///
/// @param openFlags `FOPEN_*`, or-ed
/// @param backingId with [#PASSTHROUGH], the registered file; else 0
public record OpenOut(long fh, int openFlags, int backingId) {
  /// Bytes of the struct.
  public static final int SIZE = 16;

  /// Past the page cache: `FOPEN_DIRECT_IO`.
  public static final int DIRECT_IO = 1;

  /// Pages and listings that the kernel has stay valid: `FOPEN_KEEP_CACHE`.
  public static final int KEEP_CACHE = 1 << 1;

  /// The kernel may keep the directory's listing: `FOPEN_CACHE_DIR`.
  public static final int CACHE_DIR = 1 << 3;

  /// No `FUSE_FLUSH` at close(2): `FOPEN_NOFLUSH`.
  public static final int NOFLUSH = 1 << 5;

  /// The kernel reads the backing file: `FOPEN_PASSTHROUGH`.
  public static final int PASSTHROUGH = 1 << 7;

  /// Encodes into the first bytes of `out`.
  public void encode(MemorySegment out) {
    out.set(JAVA_LONG_UNALIGNED, 0, fh);
    out.set(JAVA_INT_UNALIGNED, 8, openFlags);
    out.set(JAVA_INT_UNALIGNED, 12, backingId);
  }
}
