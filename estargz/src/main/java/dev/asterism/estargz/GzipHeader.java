package dev.asterism.estargz;

import java.util.Arrays;
import java.util.zip.Deflater;

/// Constants of a gzip member's frame (RFC 1952, 2.3).
final class GzipHeader {
  /// Fixed bytes before the optional fields.
  static final int SIZE = 10;

  /// CRC-32 and ISIZE.
  static final int TRAILER_SIZE = 8;

  static final byte FHCRC = 2;
  static final byte FEXTRA = 4;
  static final byte FNAME = 8;
  static final byte FCOMMENT = 16;
  static final int RESERVED = 0xe0;

  private GzipHeader() {}

  /// Writes the fixed bytes to the start of `out`: no name, no time, an unknown system.
  static void put(byte[] out, int level) {
    out[0] = 0x1f;
    out[1] = (byte) 0x8b;
    out[2] = 8;
    Arrays.fill(out, 3, SIZE - 2, (byte) 0);
    // XFL as RFC 1952 has it for the slowest and the fastest level.
    out[8] = (byte) (level >= Deflater.BEST_COMPRESSION ? 2 : level == Deflater.BEST_SPEED ? 4 : 0);
    out[9] = (byte) 0xff;
  }
}
