package dev.asterism.layers;

import java.time.Duration;

/// Measures a link: its round trip, its bandwidth, and so how many bytes have to be on their way to
/// keep it busy.
///
/// The round trip is the shortest of the latest requests' times to their first byte. The bandwidth
/// is the second highest of the latest rates at which bytes came while some were on their way: the
/// highest may be what a buffer had kept. Time is given to it, in nanoseconds of one clock. Not
/// thread-safe.
final class LinkMeter {
  /// What is taken for the product of both as long as one is not known: 200 Mbit/s and 20 ms.
  static final long UNKNOWN = 512 << 10; // 512 KiB

  private static final long LEAST = 64 << 10; // 64 KiB
  static final long MOST = 32 << 20; // 32 MiB: 1 Gbit/s and 250 ms
  private static final int SAMPLES = 8;
  private static final long MIN_SPELL = Duration.ofMillis(10).toNanos();
  private static final long MAX_SPELL = Duration.ofMillis(200).toNanos();

  /// Round trips older than this are forgotten, unless nothing newer is known.
  private static final long MEMORY = Duration.ofSeconds(10).toNanos();

  private final long[] trips = new long[SAMPLES];
  private final long[] tripTimes = new long[SAMPLES];
  private int tripCount;
  private final long[] rates = new long[SAMPLES];
  private int rateCount;

  private boolean inSpell;
  private long spellStart;
  private long spellBytes;

  /// Notes how long a request took to its first byte.
  void answered(long nanos, long now) {
    int slot = tripCount++ % SAMPLES;
    trips[slot] = Math.max(nanos, 1);
    tripTimes[slot] = now;
  }

  /// Notes that bytes came, and others are still on their way.
  void arrived(long bytes, long now) {
    if (!inSpell) {
      inSpell = true; // when the first of them came is not known: they do not count
      spellStart = now;
      spellBytes = 0;
      return;
    }
    spellBytes += bytes;
    long spell = Math.clamp(roundTrip() / 2, MIN_SPELL, MAX_SPELL);
    if (now - spellStart >= spell) {
      endSpell(now);
    }
  }

  private void endSpell(long now) {
    rates[rateCount++ % SAMPLES] = spellBytes * 1_000_000_000L / (now - spellStart);
    spellStart = now;
    spellBytes = 0;
  }

  /// Notes that nothing is on its way any more.
  void idle(long now) {
    if (inSpell && now - spellStart >= MIN_SPELL / 2) {
      endSpell(now);
    }
    inSpell = false;
  }

  /// Returns the round trip in nanoseconds; 0 if it is not known.
  long roundTrip() {
    int known = Math.min(tripCount, SAMPLES);
    if (known == 0) {
      return 0;
    }
    long newest = tripTimes[(tripCount - 1) % SAMPLES];
    long shortest = Long.MAX_VALUE;
    for (int i = 0; i < known; i++) {
      if (newest - tripTimes[i] <= MEMORY) {
        shortest = Math.min(shortest, trips[i]);
      }
    }
    return shortest;
  }

  /// Returns the bandwidth in bytes a second; 0 if it is not known.
  long bandwidth() {
    int known = Math.min(rateCount, SAMPLES);
    long highest = 0;
    long second = 0;
    for (int i = 0; i < known; i++) {
      if (rates[i] > highest) {
        second = highest;
        highest = rates[i];
      } else {
        second = Math.max(second, rates[i]);
      }
    }
    return known == 1 ? highest : second;
  }

  /// Returns how many bytes on their way keep the link busy: bandwidth times round trip, within 64
  /// KiB and 32 MiB.
  long product() {
    long trip = roundTrip();
    long rate = bandwidth();
    if (trip == 0 || rate == 0) {
      return UNKNOWN;
    }
    return Math.clamp((long) ((double) rate * trip / 1e9), LEAST, MOST);
  }
}
