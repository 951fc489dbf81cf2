package dev.asterism.layers;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/// How long something took, each time: counted in buckets. Thread-safe.
final class Durations {
  private final List<Integer> bounds;
  private final long unit; // nanoseconds
  private final LongAdder[] buckets;
  private final LongAdder nanos = new LongAdder();

  /// @param bounds upper bounds of the buckets, rising; one more bucket has none
  /// @param unit of the bounds
  Durations(List<Integer> bounds, Duration unit) {
    this.bounds = bounds;
    this.unit = unit.toNanos();
    this.buckets = new LongAdder[bounds.size() + 1];
    for (int i = 0; i < buckets.length; i++) {
      buckets[i] = new LongAdder();
    }
  }

  void add(Duration took) {
    nanos.add(took.toNanos());
    int bucket = 0;
    while (bucket < bounds.size() && took.toNanos() > bounds.get(bucket) * unit) {
      bucket++;
    }
    buckets[bucket].increment();
  }

  FetchMeters.Took took() {
    long[] counts = new long[buckets.length];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = buckets[i].sum();
    }
    return new FetchMeters.Took(counts, nanos.sum());
  }
}
