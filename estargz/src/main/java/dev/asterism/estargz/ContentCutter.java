package dev.asterism.estargz;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/// Cuts where a rolling hash of the last 64 bytes has zeros in front: FastCDC (Xia and others,
/// USENIX ATC 2016) with normalized chunking of level 2.
///
/// Before the chunk size two more zeros are wanted than the chunk size alone would ask for, behind
/// it two fewer: so most chunks end near it. The table of the gear hash is made by SplitMix64 from
/// a fixed seed; it, the bounds and the masks decide about the bytes of blobs, so they never
/// change. Holds twice the chunk size in memory.
final class ContentCutter implements Cutter {
  private static final int LEVEL = 2;
  private static final long[] GEAR = gear();

  private final InputStream source;
  private final int least;
  private final int normal;
  private final long before;
  private final long behind;
  private final byte[] window;
  private int length;
  private int used;
  private long unread;

  /// @param size bytes of `source`
  /// @param chunkSize that most chunks are near to; [#canCut]
  ContentCutter(InputStream source, long size, int chunkSize) {
    this.source = source;
    this.unread = size;
    this.least = chunkSize / 4;
    this.normal = chunkSize;
    int bits = 63 - Long.numberOfLeadingZeros(chunkSize);
    this.before = front(bits + LEVEL);
    this.behind = front(bits - LEVEL);
    this.window = new byte[Chunking.CONTENT.maxSize(chunkSize)];
  }

  /// Tells whether files can be cut to such chunks: smaller ones leave the hash no room, larger
  /// ones fit in no array.
  static boolean canCut(int chunkSize) {
    return chunkSize >= 1 << 10 && chunkSize <= 512 << 20; // 1 KiB, 512 MiB
  }

  private static long front(int bits) {
    return -1L << (64 - bits);
  }

  private static long[] gear() {
    long[] table = new long[256];
    long state = 0x61737465_7269736dL; // "asterism"
    for (int i = 0; i < table.length; i++) {
      state += 0x9e3779b9_7f4a7c15L;
      long z = (state ^ (state >>> 30)) * 0xbf58476d_1ce4e5b9L;
      z = (z ^ (z >>> 27)) * 0x94d049bb_133111ebL;
      table[i] = z ^ (z >>> 31);
    }
    return table;
  }

  @Override
  public int next() throws IOException {
    System.arraycopy(window, used, window, 0, length - used);
    length -= used;
    used = 0;
    int wanted = (int) Math.min(window.length - length, unread);
    int read = source.readNBytes(window, length, wanted);
    if (read < wanted) {
      throw new EOFException("content ends early");
    }
    length += read;
    unread -= read;
    used = cut();
    return used;
  }

  /// Returns where the chunk ends that begins at the window's start.
  private int cut() {
    if (length <= least) {
      return length;
    }
    long hash = 0;
    int middle = Math.min(normal, length);
    int at = least;
    for (; at < middle; at++) {
      hash = (hash << 1) + GEAR[window[at] & 0xff];
      if ((hash & before) == 0) {
        return at + 1;
      }
    }
    for (; at < length; at++) {
      hash = (hash << 1) + GEAR[window[at] & 0xff];
      if ((hash & behind) == 0) {
        return at + 1;
      }
    }
    return length;
  }

  @Override
  public InputStream content() {
    return new ByteArrayInputStream(window, 0, used);
  }
}
