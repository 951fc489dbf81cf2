package dev.asterism.content;

/// A half-open range of byte offsets: from `start` to just before `end`. Immutable.
///
/// @param start offset of the first byte, 0 or more
/// @param end offset behind the last byte; equal to `start` in an empty range
public record ByteRange(long start, long end) {
  /// @throws IllegalArgumentException unless `0 <= start <= end`
  public ByteRange {
    if (start < 0 || end < start) {
      throw new IllegalArgumentException("not a byte range: [%d, %d)".formatted(start, end));
    }
  }

  /// Returns the range of `length` bytes from `start`.
  ///
  /// @throws IllegalArgumentException if either is negative or their sum overflows
  public static ByteRange ofLength(long start, long length) {
    return new ByteRange(start, start + length);
  }

  /// Returns the number of bytes.
  public long length() {
    return end - start;
  }

  /// Tells whether there is no byte in it.
  public boolean isEmpty() {
    return start == end;
  }

  /// Tells whether every byte of `other` is in this range; true for an empty `other` between
  /// `start` and `end`.
  public boolean contains(ByteRange other) {
    return start <= other.start && other.end <= end;
  }

  @Override
  public String toString() {
    return "[%d, %d)".formatted(start, end);
  }
}
