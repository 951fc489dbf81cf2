package dev.asterism.estargz;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.asterism.content.MalformedLayerException;
import java.util.Arrays;

/// The bytes of a footer: an empty gzip member whose extra field carries the TOC's offset.
///
/// ```
///  0  1f 8b 08 04 00 00 00 00 00 ff   gzip header, FEXTRA
/// 10  1a 00                           length of the extra field: 26
/// 12  'S' 'G' 16 00                   subfield id, its length: 22 (absent in legacy stargz)
/// 16  16 hex digits, "STARGZ"         blob offset of the TOC's member
/// 38  01 00 00 ff ff                  empty stored block
/// 43  eight zeros                     CRC-32, ISIZE
/// ```
///
/// Source: eStargz specification, "Footer"; RFC 1952, 2.3.
final class Footer {
  static final int SIZE = 51;
  static final int LEGACY_SIZE = 47;
  static final int EXTERNAL_SIZE = 46;

  static final String MAGIC = "STARGZ";
  static final String EXTERNAL_MAGIC = "STARGZEXTERNALTOC";

  /// Hex digits and magic.
  static final int PAYLOAD_SIZE = 22;

  /// Subfield header and payload.
  static final int EXTRA_SIZE = 4 + PAYLOAD_SIZE;

  private static final int HEADER_SIZE = 12;
  private static final int OFFSET_DIGITS = 16;
  private static final byte[] EMPTY_MEMBER_END = {1, 0, 0, (byte) 0xff, (byte) 0xff};

  private Footer() {}

  /// Returns the footer of a blob whose TOC lies at `tocOffset`.
  static byte[] of(long tocOffset) {
    return of("%016x%s".formatted(tocOffset, MAGIC));
  }

  /// Returns the footer of a blob whose TOC is elsewhere.
  static byte[] external() {
    return of(EXTERNAL_MAGIC);
  }

  private static byte[] of(String text) {
    byte[] payload = text.getBytes(US_ASCII);
    int extra = 4 + payload.length;
    byte[] footer =
        new byte[HEADER_SIZE + extra + EMPTY_MEMBER_END.length + GzipHeader.TRAILER_SIZE];
    footer[0] = 0x1f;
    footer[1] = (byte) 0x8b;
    footer[2] = 8;
    footer[3] = GzipHeader.FEXTRA;
    footer[9] = (byte) 0xff;
    footer[10] = (byte) extra;
    footer[12] = 'S';
    footer[13] = 'G';
    footer[14] = (byte) payload.length;
    System.arraycopy(payload, 0, footer, HEADER_SIZE + 4, payload.length);
    System.arraycopy(EMPTY_MEMBER_END, 0, footer, HEADER_SIZE + extra, EMPTY_MEMBER_END.length);
    return footer;
  }

  /// Returns the extra field of the gzip member in the last `size` bytes of `tail`; empty if they
  /// are no gzip header with an extra field that leaves just an empty member behind it.
  static byte[] findExtraField(byte[] tail, int size) {
    int start = tail.length - size;
    if (start < 0
        || tail[start] != 0x1f
        || tail[start + 1] != (byte) 0x8b
        || tail[start + 2] != 8
        || tail[start + 3] != GzipHeader.FEXTRA) {
      return new byte[0];
    }
    int length = (tail[start + 10] & 0xff) | ((tail[start + 11] & 0xff) << 8);
    if (HEADER_SIZE + length + EMPTY_MEMBER_END.length + GzipHeader.TRAILER_SIZE != size) {
      return new byte[0];
    }
    return Arrays.copyOfRange(tail, start + HEADER_SIZE, start + HEADER_SIZE + length);
  }

  /// Tells whether an extra field is one subfield `SG` of `length` bytes.
  static boolean isSubfield(byte[] field, int length) {
    return field.length == 4 + length
        && field[0] == 'S'
        && field[1] == 'G'
        && field[2] == (byte) length
        && field[3] == 0;
  }

  /// Reads the TOC's offset: 16 lower-case hex digits, nothing else, and no sign.
  static long parseOffset(String digits, long footerOffset) throws MalformedLayerException {
    long value = 0;
    for (int i = 0; i < OFFSET_DIGITS; i++) {
      char c = digits.charAt(i);
      boolean decimal = c >= '0' && c <= '9';
      if ((!decimal && (c < 'a' || c > 'f')) || value >>> 59 != 0) {
        throw new MalformedLayerException(footerOffset, "footer's TOC offset is not a blob offset");
      }
      value = (value << 4) | (decimal ? c - '0' : c - 'a' + 10);
    }
    return value;
  }
}
