package dev.asterism.fuse.wire;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.time.Duration;

/// Answer to `FUSE_LOOKUP`: `struct fuse_entry_out`, 128 bytes.
///
/// @param nodeid 0 for a name that does not exist
/// @param entryValid how long the name holds
/// @param attrValid how long the attributes hold
public record EntryOut(
    long nodeid, long generation, Duration entryValid, Duration attrValid, Attr attr) {
  /// Bytes of the struct.
  public static final int SIZE = 40 + Attr.SIZE;

  /// Encodes into the first bytes of `out`.
  public void encode(MemorySegment out) {
    out.set(JAVA_LONG_UNALIGNED, 0, nodeid);
    out.set(JAVA_LONG_UNALIGNED, 8, generation);
    out.set(JAVA_LONG_UNALIGNED, 16, entryValid.getSeconds());
    out.set(JAVA_LONG_UNALIGNED, 24, attrValid.getSeconds());
    out.set(JAVA_INT_UNALIGNED, 32, entryValid.getNano());
    out.set(JAVA_INT_UNALIGNED, 36, attrValid.getNano());
    attr.encode(out.asSlice(40));
  }
}
