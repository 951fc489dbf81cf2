package dev.asterism.fuse.wire;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/// Start of every request: `struct fuse_in_header`, 40 bytes.
///
/// @param len bytes of the whole message
/// @param opcode see [Opcode]
/// @param unique names the request in its answer; bit 63 says that it is sent a second time
/// @param pid thread id of who asks; 0 if it has none in the mount's pid namespace
/// @param totalExtlen extensions after the body, in units of 8 bytes
public record InHeader(
    int len, int opcode, long unique, long nodeid, int uid, int gid, int pid, int totalExtlen) {
  /// Bytes of the struct.
  public static final int SIZE = 40;

  /// Decodes the start of `in`.
  public static InHeader decode(MemorySegment in) {
    return new InHeader(
        in.get(JAVA_INT_UNALIGNED, 0),
        in.get(JAVA_INT_UNALIGNED, 4),
        in.get(JAVA_LONG_UNALIGNED, 8),
        in.get(JAVA_LONG_UNALIGNED, 16),
        in.get(JAVA_INT_UNALIGNED, 24),
        in.get(JAVA_INT_UNALIGNED, 28),
        in.get(JAVA_INT_UNALIGNED, 32),
        Short.toUnsignedInt(in.get(JAVA_SHORT_UNALIGNED, 36)));
  }
}
