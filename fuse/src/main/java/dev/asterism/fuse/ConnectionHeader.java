package dev.asterism.fuse;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.asterism.linux.Mount;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// What one process agreed on with the kernel, as the next one reads it: the header of a session's
/// [NodeLedger].
///
/// Native byte order: magic (8 bytes, written last), format (4), protocol minor (4), flags (8),
/// largest READ (4), mount id (4), minor number of the mount's device (4). Immutable.
record ConnectionHeader(Negotiated negotiated, int mountId, int deviceMinor) {
  private static final long MAGIC = 0x4153_5445_5249_534DL; // "ASTERISM"

  /// Changes with the meaning of anything that the kernel keeps for a session: this header, the
  /// ledger's rows, node ids, handles.
  static final int FORMAT = 1;

  static ConnectionHeader of(Negotiated negotiated, Mount mount) {
    return new ConnectionHeader(negotiated, mount.id(), mount.minor());
  }

  void write(MemorySegment page) {
    page.set(JAVA_INT, 8, FORMAT);
    page.set(JAVA_INT, 12, negotiated.minor());
    page.set(JAVA_LONG, 16, negotiated.flags());
    page.set(JAVA_INT, 24, negotiated.maxRead());
    page.set(JAVA_INT, 28, mountId);
    page.set(JAVA_INT, 32, deviceMinor);
    page.set(JAVA_LONG, 0, MAGIC);
  }

  /// Reads what another process has written.
  ///
  /// @throws OtherFormatException if that process was of a version that wrote otherwise
  /// @throws IOException if it is something else
  static ConnectionHeader read(MemorySegment page) throws IOException {
    if (page.get(JAVA_LONG, 0) != MAGIC) {
      throw new IOException("the memory kept with the mount is not a session's");
    }
    if (page.get(JAVA_INT, 8) != FORMAT) {
      throw new OtherFormatException("the running mount", page.get(JAVA_INT, 8), FORMAT);
    }
    int maxRead = page.get(JAVA_INT, 24);
    if (maxRead < 4096 || maxRead > 1 << 20) {
      throw new IOException("the memory kept with the mount is damaged: maxRead=" + maxRead);
    }
    return new ConnectionHeader(
        new Negotiated(page.get(JAVA_INT, 12), page.get(JAVA_LONG, 16), maxRead),
        page.get(JAVA_INT, 28),
        page.get(JAVA_INT, 32));
  }

  /// Tells whether this is of that mount.
  boolean isOf(Mount mount) {
    return mountId == mount.id() && deviceMinor == mount.minor();
  }
}
