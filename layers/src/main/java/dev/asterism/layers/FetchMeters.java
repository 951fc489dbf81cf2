package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;

/// Counts for each mounted layer what containers use and what is fetched. Thread-safe.
public final class FetchMeters implements FetchListener {
  /// Upper bounds of the buckets of requests and of layers that are prepared, in milliseconds; the
  /// last bucket has none.
  public static final List<Integer> BUCKETS =
      List.of(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384);

  /// The same of calls that wait, in microseconds.
  public static final List<Integer> FINE_BUCKETS =
      List.of(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024);

  private static final int MAX_LAYERS = 1 << 14;

  private final ConcurrentMap<Digest, Meter> meters = new ConcurrentHashMap<>();

  /// Waits of mounts for the prefetch of an image's layers.
  private final Durations prefetches = milliseconds();

  private final LongAdder waits = new LongAdder();
  private final LongAdder waitNanos = new LongAdder();
  private final LongAdder failedWaits = new LongAdder();
  private final LongAdder lazy = new LongAdder();
  private final LongAdder notLazy = new LongAdder();

  FetchMeters() {}

  private static Durations milliseconds() {
    return new Durations(BUCKETS, Duration.ofMillis(1));
  }

  /// How long something took, each time. Immutable.
  ///
  /// @param counts how often it took so long, by the bounds, not cumulative; one more than there
  ///   are bounds
  /// @param nanos all together
  @SuppressWarnings("ArrayRecordComponent") // a copy, for who reads it at once
  public record Took(long[] counts, long nanos) {}

  /// What was counted for all layers since the start. Immutable.
  ///
  /// @param waits times that a call of a container has waited for a chunk
  /// @param waitNanos how long, together
  /// @param failedWaits of these, those whose chunk did not come
  /// @param lazy layers that became readable lazily when containerd asked for them
  /// @param notLazy those that could not
  /// @param prefetches how long mounts have waited for prefetches
  public record Totals(
      long waits, long waitNanos, long failedWaits, long lazy, long notLazy, Took prefetches) {}

  /// What was counted for one layer since this process mounted it first. Immutable.
  ///
  /// @param uses chunks that containers used first, as far as the gate sees it
  /// @param usedBytes their uncompressed bytes
  /// @param requests range requests that ended well, by why they were made
  /// @param bytes compressed bytes of them
  /// @param durations how long they took, by [#BUCKETS]
  /// @param background the same of those that were made in the background alone
  /// @param waits how long calls waited for chunks, by [#FINE_BUCKETS]
  /// @param prepares how long it took until the layer could be read, each time that containerd
  ///   asked for it, by [#BUCKETS]
  public record Count(
      long uses,
      long usedBytes,
      Map<FetchClass, Long> requests,
      Map<FetchClass, Long> bytes,
      Took durations,
      Took background,
      Took waits,
      Took prepares) {
    /// Returns the sum of `counts`.
    public static long sum(Map<FetchClass, Long> counts) {
      return counts.values().stream().mapToLong(Long::longValue).sum();
    }
  }

  private static final class Meter {
    private final LongAdder uses = new LongAdder();
    private final LongAdder usedBytes = new LongAdder();
    private final Map<FetchClass, LongAdder> requests = adders();
    private final Map<FetchClass, LongAdder> bytes = adders();
    private final Durations durations = milliseconds();
    private final Durations background = milliseconds();
    private final Durations waits = new Durations(FINE_BUCKETS, Duration.ofNanos(1000));
    private final Durations prepares = milliseconds();

    private static Map<FetchClass, LongAdder> adders() {
      Map<FetchClass, LongAdder> adders = new EnumMap<>(FetchClass.class);
      for (FetchClass why : FetchClass.values()) {
        adders.put(why, new LongAdder());
      }
      return adders;
    }

    Count count() {
      return new Count(
          uses.sum(),
          usedBytes.sum(),
          sums(requests),
          sums(bytes),
          durations.took(),
          background.took(),
          waits.took(),
          prepares.took());
    }

    private static Map<FetchClass, Long> sums(Map<FetchClass, LongAdder> adders) {
      Map<FetchClass, Long> sums = new EnumMap<>(FetchClass.class);
      adders.forEach((why, adder) -> sums.put(why, adder.sum()));
      return sums;
    }
  }

  private Meter meter(LayerContent layer) {
    return meter(layer.digest());
  }

  private Meter meter(Digest layer) {
    if (meters.size() >= MAX_LAYERS) {
      meters.clear(); // those of layers that are gone, for the most part
    }
    return meters.computeIfAbsent(layer, _ -> new Meter());
  }

  @Override
  public void used(LayerContent layer, LayerChunk chunk, Found found) {
    Meter meter = meter(layer);
    meter.uses.increment();
    meter.usedBytes.add(chunk.size());
  }

  @Override
  public void fetched(LayerContent layer, FetchedRange range) {
    Meter meter = meter(layer);
    meter.requests.getOrDefault(range.why(), new LongAdder()).increment();
    meter.bytes.getOrDefault(range.why(), new LongAdder()).add(range.bytes());
    if (range.whole()) {
      meter.durations.add(range.took());
      if (range.why() == FetchClass.BACKGROUND) {
        meter.background.add(range.took());
      }
    }
  }

  @Override
  public void waited(LayerContent layer, LayerChunk chunk, CallWait wait) {
    meter(layer).waits.add(wait.time());
    waits.increment();
    waitNanos.add(wait.time().toNanos());
    if (!wait.came()) {
      failedWaits.increment();
    }
  }

  @Override
  public void prefetchesAwaited(Duration time) {
    prefetches.add(time);
  }

  /// Notes that a layer has become readable lazily.
  void prepared(Digest layer, Duration took) {
    lazy.increment();
    meter(layer).prepares.add(took);
  }

  /// Notes that a layer could not.
  void notPrepared() {
    notLazy.increment();
  }

  /// Returns what was counted for all layers.
  public Totals totals() {
    return new Totals(
        waits.sum(),
        waitNanos.sum(),
        failedWaits.sum(),
        lazy.sum(),
        notLazy.sum(),
        prefetches.took());
  }

  /// Returns what was counted for a layer; zeros where nothing was.
  public Count of(Digest layer) {
    Meter meter = meters.get(layer);
    return (meter == null ? new Meter() : meter).count();
  }
}
