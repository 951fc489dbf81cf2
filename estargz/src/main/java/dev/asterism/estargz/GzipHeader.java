package dev.asterism.estargz;

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
}
