package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;

/// How far each miss in a blob reaches: little where nothing is known, more where misses follow one
/// another.
///
/// Files that a package put together lie together in its layer. What is read from there natively is
/// not seen here; only the first file behind the last span is, as a miss that starts where that
/// span ended. So each such miss doubles its stream's window. The few most recent streams are
/// remembered. Thread-safe.
final class Windows {
  /// Reading together several places of a layer is common (programs, libraries, locale data); more
  /// than these is scattered reading.
  private static final int STREAMS = 8;

  private final int quantum;
  private final int max;

  @GuardedBy("this")
  private final long[] ends = new long[STREAMS];

  @GuardedBy("this")
  private final int[] sizes = new int[STREAMS];

  @GuardedBy("this")
  private int next;

  Windows(FetchPolicy policy) {
    this.quantum = policy.quantum();
    this.max = policy.maxWindow();
  }

  /// Returns how many compressed bytes a miss at `offset` should ask for.
  synchronized int at(long offset) {
    int stream = find(offset);
    return stream < 0 ? quantum : (int) Math.min(2L * sizes[stream], max);
  }

  /// Says which span such a miss led to.
  ///
  /// @param offset where the miss was
  /// @param end where its span ends
  /// @param window what [#at] said
  synchronized void fetched(long offset, long end, int window) {
    int stream = find(offset);
    if (stream < 0) {
      stream = next;
      next = (next + 1) % STREAMS;
    }
    ends[stream] = end;
    sizes[stream] = window;
  }

  @GuardedBy("this")
  private int find(long offset) {
    for (int stream = 0; stream < STREAMS; stream++) {
      if (sizes[stream] != 0
          && offset >= ends[stream]
          && offset - ends[stream] <= sizes[stream] / 4) {
        return stream;
      }
    }
    return -1;
  }
}
