package dev.asterism.bench.store;

import java.util.Arrays;
import java.util.Locale;

/// How long something took, written so that people can read it. Immutable.
record Time(double nanos) {
  private static final double MICROSECOND = 1e3;
  private static final double MILLISECOND = 1e6;
  private static final double SECOND = 1e9;

  /// Returns what has passed since `start`, a [System#nanoTime].
  static Time since(long start) {
    return new Time(System.nanoTime() - start);
  }

  /// Returns the sample in the middle.
  static Time median(double[] nanos) {
    double[] sorted = nanos.clone();
    Arrays.sort(sorted);
    return new Time(sorted[sorted.length / 2]);
  }

  @Override
  public String toString() {
    if (nanos < MICROSECOND) {
      return String.format(Locale.ROOT, "%.0f ns", nanos);
    }
    if (nanos < MILLISECOND) {
      return String.format(Locale.ROOT, "%.1f µs", nanos / MICROSECOND);
    }
    return nanos < SECOND
        ? String.format(Locale.ROOT, "%.1f ms", nanos / MILLISECOND)
        : String.format(Locale.ROOT, "%.2f s", nanos / SECOND);
  }
}
