package dev.asterism.fuse.wire;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/// Start of every answer and notification: `struct fuse_out_header`, 16 bytes.
///
/// @param len bytes of the whole message, exactly
/// @param error of an answer, 0 or a negative errno; of a notification, its code
/// @param unique of the request that is answered; 0 in a notification
public record OutHeader(int len, int error, long unique) {
  /// Bytes of the struct.
  public static final int SIZE = 16;

  /// Notification that asks for every unanswered request again: `FUSE_NOTIFY_RESEND`.
  public static final int NOTIFY_RESEND = 7;

  /// Encodes into the first bytes of `out`.
  public void encode(MemorySegment out) {
    out.set(JAVA_INT_UNALIGNED, 0, len);
    out.set(JAVA_INT_UNALIGNED, 4, error);
    out.set(JAVA_LONG_UNALIGNED, 8, unique);
  }
}
