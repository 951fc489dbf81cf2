package dev.asterism.layers;

import java.time.Duration;

/// How much is fetched at a time, and how long somebody waits for it. Immutable.
///
/// @param quantum compressed bytes that one miss asks for when nothing is known of its surroundings
/// @param maxWindow compressed bytes that one miss asks for at most, when misses follow one another
///   in the blob
/// @param maxInFlight compressed bytes that are asked for and not yet handed on, over all layers
/// @param maxReadahead uncompressed bytes that are asked for ahead of a file that is read in
///   sequence
/// @param patience how long a reader waits for a chunk before its call fails with EIO
public record FetchPolicy(
    int quantum, int maxWindow, long maxInFlight, int maxReadahead, Duration patience) {
  /// What the daemon uses where the configuration says nothing else.
  public static final FetchPolicy DEFAULT =
      new FetchPolicy(
          512 << 10, // 512 KiB
          8 << 20, // 8 MiB
          64 << 20, // 64 MiB
          16 << 20, // 16 MiB
          Duration.ofSeconds(30));

  /// @throws IllegalArgumentException if a size is not positive or they contradict each other
  public FetchPolicy {
    if (quantum <= 0 || maxWindow < quantum || maxInFlight < maxWindow || maxReadahead < 0) {
      throw new IllegalArgumentException(
          "0 < quantum %d <= maxWindow %d <= maxInFlight %d and 0 <= maxReadahead %d do not hold"
              .formatted(quantum, maxWindow, maxInFlight, maxReadahead));
    }
    if (!patience.isPositive()) {
      throw new IllegalArgumentException("not a patience: " + patience);
    }
  }
}
