package dev.asterism.erofs;

import dev.asterism.content.MalformedLayerException;
import java.util.Arrays;

/// Many short byte strings, one behind the other, each found by the number that [#add] returned.
///
/// At most 64 KiB - 4 each and 2 GiB together. Confined to one thread while it grows.
final class ByteArena {
  private static final int PAGE_BITS = 16;
  private static final int PAGE = 1 << PAGE_BITS;
  private static final int HEADER = 2;

  private byte[][] pages = new byte[4][];
  private int pageCount;
  private int free = PAGE;

  /// Keeps a copy of `length` bytes and returns where.
  ///
  /// @throws MalformedLayerException if there is no room for more
  int add(byte[] from, int offset, int length) throws MalformedLayerException {
    if (length > PAGE - HEADER - 2) {
      throw new IllegalArgumentException("too long: " + length);
    }
    if (free + HEADER + length > PAGE) {
      addPage();
    }
    byte[] page = pages[pageCount - 1];
    page[free] = (byte) length;
    page[free + 1] = (byte) (length >>> 8);
    System.arraycopy(from, offset, page, free + HEADER, length);
    int ref = (pageCount - 1) << PAGE_BITS | free;
    free += HEADER + length;
    return ref;
  }

  int length(int ref) {
    byte[] page = page(ref);
    int at = ref & (PAGE - 1);
    return (page[at] & 0xFF) | (page[at + 1] & 0xFF) << 8;
  }

  /// Returns the array that holds the string, to be read from [#start] on.
  byte[] page(int ref) {
    return pages[ref >>> PAGE_BITS];
  }

  /// Returns where in [#page] the string starts.
  int start(int ref) {
    return (ref & (PAGE - 1)) + HEADER;
  }

  /// Returns a copy.
  byte[] copy(int ref) {
    return Arrays.copyOfRange(page(ref), start(ref), start(ref) + length(ref));
  }

  /// Compares two strings as unsigned bytes.
  int compare(int ref, int other) {
    return Arrays.compareUnsigned(
        page(ref),
        start(ref),
        start(ref) + length(ref),
        page(other),
        start(other),
        start(other) + length(other));
  }

  /// Compares a string with `other[from..to)` as unsigned bytes.
  int compareTo(int ref, byte[] other, int from, int to) {
    return Arrays.compareUnsigned(page(ref), start(ref), start(ref) + length(ref), other, from, to);
  }

  boolean equals(int ref, byte[] other, int from, int to) {
    return Arrays.equals(page(ref), start(ref), start(ref) + length(ref), other, from, to);
  }

  private void addPage() throws MalformedLayerException {
    if (pageCount == 1 << (31 - PAGE_BITS)) {
      throw new MalformedLayerException(
          MalformedLayerException.UNKNOWN_OFFSET, "names and targets take more than 2 GiB");
    }
    if (pageCount == pages.length) {
      pages = Arrays.copyOf(pages, pageCount * 2);
    }
    pages[pageCount++] = new byte[PAGE];
    free = 0;
  }
}
