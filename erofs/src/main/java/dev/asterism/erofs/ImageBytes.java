package dev.asterism.erofs;

import dev.asterism.content.MalformedLayerException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The bytes of an image, little endian. Every position is checked. Thread-safe.
final class ImageBytes {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MemorySegment segment;
  private final long size;

  ImageBytes(MemorySegment segment) {
    this.segment = segment;
    this.size = segment.byteSize();
  }

  long size() {
    return size;
  }

  int unsignedByte(long at) throws MalformedLayerException {
    check(at, 1);
    return Byte.toUnsignedInt(segment.get(ValueLayout.JAVA_BYTE, at));
  }

  int unsignedShort(long at) throws MalformedLayerException {
    check(at, 2);
    return Short.toUnsignedInt(segment.get(SHORT, at));
  }

  int integer(long at) throws MalformedLayerException {
    check(at, 4);
    return segment.get(INT, at);
  }

  long unsignedInteger(long at) throws MalformedLayerException {
    return Integer.toUnsignedLong(integer(at));
  }

  long longInteger(long at) throws MalformedLayerException {
    check(at, 8);
    return segment.get(LONG, at);
  }

  /// Returns `length` bytes, a new array.
  byte[] copy(long at, int length) throws MalformedLayerException {
    check(at, length);
    byte[] bytes = new byte[length];
    copyTo(at, bytes, length);
    return bytes;
  }

  void copyTo(long at, byte[] to, int length) throws MalformedLayerException {
    check(at, length);
    MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, at, to, 0, length);
  }

  /// Compares `length` bytes with `other` as unsigned bytes.
  int compare(long at, int length, byte[] other) throws MalformedLayerException {
    check(at, length);
    int common = Math.min(length, other.length);
    for (int i = 0; i < common; i++) {
      int order = Byte.compareUnsigned(segment.get(ValueLayout.JAVA_BYTE, at + i), other[i]);
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(length, other.length);
  }

  /// @throws MalformedLayerException unless `length` bytes from `at` are in the image
  void check(long at, long length) throws MalformedLayerException {
    if (at < 0 || length < 0 || at > size - length) {
      throw ErofsFormat.malformed(
          "metadata image of %d bytes: %d bytes at %d are outside".formatted(size, length, at));
    }
  }
}
