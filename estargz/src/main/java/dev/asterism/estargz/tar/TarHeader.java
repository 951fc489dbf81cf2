package dev.asterism.estargz.tar;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.asterism.content.MalformedLayerException;
import java.time.Instant;
import java.util.Arrays;

/// The fields of one header block of 512 bytes.
///
/// ```
///   0 name 100    100 mode 8    108 uid 8       116 gid 8       124 size 12    136 mtime 12
/// 148 checksum 8  156 type 1    157 linkname 100
/// 257 magic 6     263 version 2 265 uname 32    297 gname 32    329 major 8    337 minor 8
/// 345 prefix 155
/// ```
final class TarHeader {
  static final int BLOCK = 512;

  static final Field NAME = new Field(0, 100);
  static final Field MODE = new Field(100, 8);
  static final Field UID = new Field(108, 8);
  static final Field GID = new Field(116, 8);
  static final Field SIZE = new Field(124, 12);
  static final Field MTIME = new Field(136, 12);
  static final Field CHECKSUM = new Field(148, 8);
  static final int TYPE = 156;
  static final Field LINK_NAME = new Field(157, 100);
  static final Field MAGIC = new Field(257, 8);
  static final Field USER_NAME = new Field(265, 32);
  static final Field GROUP_NAME = new Field(297, 32);
  static final Field MAJOR = new Field(329, 8);
  static final Field MINOR = new Field(337, 8);
  static final Field PREFIX = new Field(345, 155);

  /// Some 285 million years.
  private static final long MAX_SECONDS = 1L << 53;

  static final String USTAR = "ustar\00000";

  /// Where a field lies in the block.
  record Field(int offset, int length) {}

  private TarHeader() {}

  /// Tells whether a block is all zeros: the end of the archive.
  static boolean isZero(byte[] block) {
    for (byte b : block) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  /// Returns the bytes of a text field up to its first NUL.
  static byte[] text(byte[] block, Field field) {
    int end = field.offset();
    while (end < field.offset() + field.length() && block[end] != 0) {
      end++;
    }
    return Arrays.copyOfRange(block, field.offset(), end);
  }

  /// Reads a number: octal digits with spaces or NULs around them, or base 256 where the first bit
  /// is set (GNU tar). Blank is 0.
  ///
  /// @throws MalformedLayerException if it is neither, or more than 63 bits
  static long number(byte[] block, Field field) throws MalformedLayerException {
    return (block[field.offset()] & 0x80) != 0 ? base256(block, field) : octal(block, field);
  }

  private static long octal(byte[] block, Field field) throws MalformedLayerException {
    String digits = new String(text(block, field), US_ASCII).strip();
    long value = 0;
    for (int i = 0; i < digits.length(); i++) {
      char c = digits.charAt(i);
      if (c < '0' || c > '7') {
        throw malformed("'%s' is no octal number".formatted(digits.replaceAll("\\p{Cntrl}", "?")));
      }
      value = (value << 3) | (c - '0');
    }
    return value;
  }

  private static long base256(byte[] block, Field field) throws MalformedLayerException {
    int first = block[field.offset()] & 0x7f;
    boolean negative = (first & 0x40) != 0;
    long value = negative ? first - 0x80 : first;
    for (int i = 1; i < field.length(); i++) {
      if (value > Long.MAX_VALUE >> 8 || value < Long.MIN_VALUE >> 8) {
        throw malformed("number of more than 63 bits");
      }
      value = (value << 8) | (block[field.offset() + i] & 0xff);
    }
    return value;
  }

  /// Compares the block's checksum, as sum of unsigned or, as old tars did, signed bytes.
  static void verify(byte[] block) throws MalformedLayerException {
    long expected = octal(block, CHECKSUM);
    long unsigned = checksum(block);
    long signed = 8 * ' ';
    for (int i = 0; i < BLOCK; i++) {
      signed += isChecksum(i) ? 0 : block[i];
    }
    if (expected != unsigned && expected != signed) {
      throw malformed("header's checksum is wrong");
    }
  }

  /// Returns the sum of the block's unsigned bytes, the checksum field taken as spaces.
  static long checksum(byte[] block) {
    long sum = 8 * ' ';
    for (int i = 0; i < BLOCK; i++) {
      sum += isChecksum(i) ? 0 : block[i] & 0xff;
    }
    return sum;
  }

  private static boolean isChecksum(int i) {
    return i >= CHECKSUM.offset() && i < CHECKSUM.offset() + CHECKSUM.length();
  }

  /// Returns how many bytes follow `size` bytes of content up to the next block.
  static int padding(long size) {
    return (int) (-size & (BLOCK - 1));
  }

  /// Returns a time, if a calendar can hold it.
  static Instant time(long seconds, long nanos) throws MalformedLayerException {
    if (seconds > MAX_SECONDS || seconds < -MAX_SECONDS) {
      throw malformed("mtime %d is out of range".formatted(seconds));
    }
    return Instant.ofEpochSecond(seconds, nanos);
  }

  static MalformedLayerException malformed(String what) {
    return new MalformedLayerException(MalformedLayerException.UNKNOWN_OFFSET, "tar: " + what);
  }
}
