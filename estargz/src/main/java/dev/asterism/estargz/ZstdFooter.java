package dev.asterism.estargz;

import dev.asterism.content.ByteRange;
import dev.asterism.content.MalformedLayerException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;

/// The bytes at the end of a zstd:chunked blob: a skippable frame whose content says where the TOC
/// is. Numbers are little-endian.
///
/// ```
///          0  50 2a 4d 18, length          skippable frame (RFC 8878, 3.1.2)
/// -40  -64    u64 offset                   of the compressed TOC in the blob
/// -32  -56    u64 compressed size
/// -24  -48    u64 uncompressed size
/// -16  -40    u64 type                     1: the JSON of eStargz
///      -32    u64 offset, two sizes        of a tar-split file, which is not looked at
///  -8   -8    "GnUlInUx" or "GNUlInUx"     the shorter and the longer form
/// ```
///
/// Source: containers/storage, package `chunked/internal/minimal`; stargz snapshotter, package
/// `zstdchunked`.
final class ZstdFooter {
  static final int SIZE = 40;
  static final int LONG_SIZE = 64;

  /// Magic number and length of a skippable frame.
  static final int FRAME_HEADER_SIZE = 8;

  private static final int SKIPPABLE = 0x184d2a50;
  private static final long TYPE = 1;
  private static final byte[] MAGIC = {'G', 'n', 'U', 'l', 'I', 'n', 'U', 'x'};
  private static final byte[] LONG_MAGIC = {'G', 'N', 'U', 'l', 'I', 'n', 'U', 'x'};

  private ZstdFooter() {}

  /// Returns the range of the compressed TOC; empty if the blob does not end with such a footer.
  ///
  /// @param tail the last bytes of the blob, at least [#LONG_SIZE] or all of them
  /// @param size of the blob
  /// @throws MalformedLayerException if it is one and points elsewhere than into the blob before it
  static Optional<ByteRange> find(byte[] tail, long size) throws MalformedLayerException {
    if (endsWith(tail, MAGIC) && tail.length >= SIZE) {
      return Optional.of(toc(tail, size, SIZE));
    }
    if (endsWith(tail, LONG_MAGIC) && tail.length >= LONG_SIZE) {
      return Optional.of(toc(tail, size, LONG_SIZE));
    }
    return Optional.empty();
  }

  private static ByteRange toc(byte[] tail, long size, int length) throws MalformedLayerException {
    ByteBuffer footer = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN);
    int start = tail.length - length;
    long offset = footer.getLong(start);
    long compressed = footer.getLong(start + 8);
    long type = footer.getLong(start + 24);
    long footerOffset = size - length;
    if (type != TYPE) {
      throw new MalformedLayerException(
          footerOffset, "zstd:chunked layer with a TOC of type %d: not supported".formatted(type));
    }
    if (offset < FRAME_HEADER_SIZE || compressed <= 0 || compressed > footerOffset - offset) {
      throw new MalformedLayerException(
          footerOffset,
          "footer points at a TOC of %d bytes at %d, beyond itself".formatted(compressed, offset));
    }
    return ByteRange.ofLength(offset, compressed);
  }

  private static boolean endsWith(byte[] bytes, byte[] end) {
    return bytes.length >= end.length
        && Arrays.equals(bytes, bytes.length - end.length, bytes.length, end, 0, end.length);
  }

  /// Returns the header of a skippable frame.
  static byte[] frameHeader(int length) {
    return ByteBuffer.allocate(FRAME_HEADER_SIZE)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(SKIPPABLE)
        .putInt(length)
        .array();
  }

  /// Returns the shorter form, in its frame.
  static byte[] of(long tocOffset, long compressedSize, long uncompressedSize) {
    return ByteBuffer.allocate(FRAME_HEADER_SIZE + SIZE)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(frameHeader(SIZE))
        .putLong(tocOffset)
        .putLong(compressedSize)
        .putLong(uncompressedSize)
        .putLong(TYPE)
        .put(MAGIC)
        .array();
  }
}
