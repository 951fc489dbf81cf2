package dev.asterism.fuse.wire;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.time.Duration;

/// Answer to `FUSE_GETATTR`: `struct fuse_attr_out`, 104 bytes.
///
/// @param attrValid how long the attributes hold
public record AttrOut(Duration attrValid, Attr attr) {
  /// Bytes of the struct.
  public static final int SIZE = 16 + Attr.SIZE;

  /// Encodes into the first bytes of `out`.
  public void encode(MemorySegment out) {
    out.set(JAVA_LONG_UNALIGNED, 0, attrValid.getSeconds());
    out.set(JAVA_INT_UNALIGNED, 8, attrValid.getNano());
    out.set(JAVA_INT_UNALIGNED, 12, 0);
    attr.encode(out.asSlice(16));
  }
}
