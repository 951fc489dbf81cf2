package dev.asterism.erofs;

import java.util.Arrays;

/// A growing array of `long`s in pages, so that growing copies next to nothing. Confined to one
/// thread while it grows.
final class LongColumn {
  private static final int PAGE_BITS = 12;
  private static final int PAGE = 1 << PAGE_BITS;

  private long[][] pages = new long[4][];
  private int size;

  int size() {
    return size;
  }

  long get(int index) {
    return pages[index >>> PAGE_BITS][index & (PAGE - 1)];
  }

  void set(int index, long value) {
    pages[index >>> PAGE_BITS][index & (PAGE - 1)] = value;
  }

  /// Appends and returns the index.
  int add(long value) {
    int page = size >>> PAGE_BITS;
    if (page == pages.length) {
      pages = Arrays.copyOf(pages, page * 2);
    }
    if ((size & (PAGE - 1)) == 0) {
      pages[page] = new long[PAGE];
    }
    pages[page][size & (PAGE - 1)] = value;
    return size++;
  }
}
