package dev.asterism.testkit.link;

import java.time.Duration;

/// What a link is like. Immutable.
///
/// @param bitsPerSecond bandwidth each way, shared by all connections; at least 8 kbit/s
/// @param roundTrip time for a byte to get there and another to come back; may be zero
public record LinkShape(long bitsPerSecond, Duration roundTrip) {
  /// @throws IllegalArgumentException if the bandwidth is smaller, the round trip negative or
  ///   longer than a minute
  public LinkShape {
    if (bitsPerSecond < 8_000) {
      throw new IllegalArgumentException("bandwidth of %d bit/s".formatted(bitsPerSecond));
    }
    if (roundTrip.isNegative() || roundTrip.compareTo(Duration.ofMinutes(1)) > 0) {
      throw new IllegalArgumentException("round trip of " + roundTrip);
    }
  }

  /// Returns a link of so many Mbit/s and milliseconds.
  public static LinkShape of(int megabitsPerSecond, int roundTripMillis) {
    return new LinkShape(megabitsPerSecond * 1_000_000L, Duration.ofMillis(roundTripMillis));
  }

  /// Returns the nanoseconds that `bytes` bytes take to get onto the link.
  long nanosFor(long bytes) {
    return Math.multiplyExact(bytes, 8_000_000_000L) / bitsPerSecond;
  }

  /// Returns the bytes that are on their way while one crosses the link.
  long bytesUnderWay() {
    return (long) (bitsPerSecond / 8.0 * roundTrip.toNanos() / 2e9);
  }
}
