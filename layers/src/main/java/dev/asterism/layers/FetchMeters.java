package dev.asterism.layers;

import dev.asterism.content.ByteRange;
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
  /// Upper bounds of the durations' buckets in milliseconds; the last one has none.
  public static final List<Integer> BUCKETS =
      List.of(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384);

  private static final int MAX_LAYERS = 1 << 14;

  private final ConcurrentMap<Digest, Meter> meters = new ConcurrentHashMap<>();

  FetchMeters() {}

  /// What was counted for one layer since this process mounted it first. Immutable.
  ///
  /// @param uses chunks that containers used first, as far as the gate sees it
  /// @param usedBytes their uncompressed bytes
  /// @param requests range requests that ended well, by why they were made
  /// @param bytes compressed bytes of them
  /// @param durations how many of them took so long, by [#BUCKETS], not cumulative; one more than
  ///   there are bounds
  /// @param nanos how long all of them took together
  @SuppressWarnings("ArrayRecordComponent") // a copy, for who reads it at once
  public record Count(
      long uses,
      long usedBytes,
      Map<FetchClass, Long> requests,
      Map<FetchClass, Long> bytes,
      long[] durations,
      long nanos) {
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
    private final LongAdder[] durations = new LongAdder[BUCKETS.size() + 1];
    private final LongAdder nanos = new LongAdder();

    Meter() {
      for (int i = 0; i < durations.length; i++) {
        durations[i] = new LongAdder();
      }
    }

    private static Map<FetchClass, LongAdder> adders() {
      Map<FetchClass, LongAdder> adders = new EnumMap<>(FetchClass.class);
      for (FetchClass why : FetchClass.values()) {
        adders.put(why, new LongAdder());
      }
      return adders;
    }

    Count count() {
      long[] took = new long[durations.length];
      for (int i = 0; i < took.length; i++) {
        took[i] = durations[i].sum();
      }
      return new Count(uses.sum(), usedBytes.sum(), sums(requests), sums(bytes), took, nanos.sum());
    }

    private static Map<FetchClass, Long> sums(Map<FetchClass, LongAdder> adders) {
      Map<FetchClass, Long> sums = new EnumMap<>(FetchClass.class);
      adders.forEach((why, adder) -> sums.put(why, adder.sum()));
      return sums;
    }
  }

  private Meter meter(LayerContent layer) {
    if (meters.size() >= MAX_LAYERS) {
      meters.clear(); // those of layers that are gone, for the most part
    }
    return meters.computeIfAbsent(layer.digest(), _ -> new Meter());
  }

  @Override
  public void used(LayerContent layer, LayerChunk chunk, Found found) {
    Meter meter = meter(layer);
    meter.uses.increment();
    meter.usedBytes.add(chunk.size());
  }

  @Override
  public void fetched(LayerContent layer, ByteRange range, FetchClass wanted, Duration took) {
    Meter meter = meter(layer);
    meter.requests.getOrDefault(wanted, new LongAdder()).increment();
    meter.bytes.getOrDefault(wanted, new LongAdder()).add(range.length());
    meter.nanos.add(took.toNanos());
    int bucket = 0;
    while (bucket < BUCKETS.size() && took.toNanos() > BUCKETS.get(bucket) * 1_000_000L) {
      bucket++;
    }
    meter.durations[bucket].increment();
  }

  /// Returns what was counted for a layer; zeros where nothing was.
  public Count of(Digest layer) {
    Meter meter = meters.get(layer);
    return (meter == null ? new Meter() : meter).count();
  }
}
