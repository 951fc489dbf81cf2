package dev.asterism.estargz;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/// Byte arrays to be used again, so that large ones are not made and thrown away for every member.
///
/// Keeps up to a given number of bytes. Thread-safe.
final class BufferPool {
  private static final int SMALLEST = 4 << 10; // 4 KiB

  private final long limit;
  private final Map<Integer, Deque<byte[]>> free = new HashMap<>();
  private long kept;

  /// @param limit bytes to keep at most
  BufferPool(long limit) {
    this.limit = limit;
  }

  /// Returns how long an array [#take] gives for `size` bytes: at most a quarter more.
  static int capacity(int size) {
    if (size <= SMALLEST) {
      return SMALLEST;
    }
    int step = Integer.highestOneBit(size - 1) >>> 2;
    long rounded = ((long) size + step - 1) / step * step;
    return (int) Math.min(rounded, Integer.MAX_VALUE - 8);
  }

  /// Returns an array of at least `size` bytes; what is in it is anything.
  byte[] take(int size) {
    int capacity = capacity(size);
    synchronized (this) {
      Deque<byte[]> same = free.get(capacity);
      if (same != null && !same.isEmpty()) {
        kept -= capacity;
        return same.pop();
      }
    }
    return new byte[capacity];
  }

  /// Takes an array back that [#take] gave; nobody uses it any more.
  synchronized void give(byte[] buffer) {
    if (buffer.length >= SMALLEST && kept + buffer.length <= limit) {
      kept += buffer.length;
      free.computeIfAbsent(buffer.length, _ -> new ArrayDeque<>()).push(buffer);
    }
  }
}
