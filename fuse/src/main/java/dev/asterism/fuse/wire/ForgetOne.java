package dev.asterism.fuse.wire;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// One row of `FUSE_BATCH_FORGET`: `struct fuse_forget_one`, 16 bytes.
///
/// @param nlookup how many entries that named the node are taken back
public record ForgetOne(long nodeid, long nlookup) {
  private static final int SIZE = 16;

  /// Bytes of `struct fuse_batch_forget_in`, which precedes the rows.
  private static final int BATCH_SIZE = 8;

  /// Decodes the body of `FUSE_BATCH_FORGET`: a count and as many rows.
  ///
  /// @throws IndexOutOfBoundsException if there are fewer rows than the count says
  public static List<ForgetOne> decodeBatch(MemorySegment in) {
    long count = Integer.toUnsignedLong(in.get(JAVA_INT_UNALIGNED, 0));
    MemorySegment rows = in.asSlice(BATCH_SIZE, count * SIZE);
    List<ForgetOne> forgets = new ArrayList<>((int) count);
    for (long at = 0; at < rows.byteSize(); at += SIZE) {
      forgets.add(
          new ForgetOne(rows.get(JAVA_LONG_UNALIGNED, at), rows.get(JAVA_LONG_UNALIGNED, at + 8)));
    }
    return forgets;
  }
}
