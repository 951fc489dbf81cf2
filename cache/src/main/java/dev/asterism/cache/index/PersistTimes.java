package dev.asterism.cache.index;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/// How long it took to append changes to a journal, each time. Immutable.
///
/// @param counts how often it took no longer than each of [#BOUNDS] and longer than the one before;
///   last, how often it took longer than all
/// @param nanos all together
/// @param lastNanos the last time; 0 if there was none
public record PersistTimes(List<Long> counts, long nanos, long lastNanos) {
  /// From 1 ms to 8 s, twice as long each.
  public static final List<Duration> BOUNDS =
      IntStream.range(0, 14).mapToObj(i -> Duration.ofMillis(1L << i)).toList();

  /// None yet.
  static final PersistTimes NONE =
      new PersistTimes(Collections.nCopies(BOUNDS.size() + 1, 0L), 0, 0);

  /// Copies the list.
  public PersistTimes {
    counts = List.copyOf(counts);
  }

  /// Returns these and one more.
  PersistTimes and(long took) {
    int bucket = 0;
    while (bucket < BOUNDS.size() && took > BOUNDS.get(bucket).toNanos()) {
      bucket++;
    }
    List<Long> more = new ArrayList<>(counts);
    more.set(bucket, more.get(bucket) + 1);
    return new PersistTimes(more, nanos + took, took);
  }

  /// Returns how often.
  public long count() {
    return counts.stream().mapToLong(Long::longValue).sum();
  }
}
