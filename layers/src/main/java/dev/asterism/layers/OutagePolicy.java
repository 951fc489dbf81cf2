package dev.asterism.layers;

import java.time.Duration;
import java.util.Optional;

/// How long a read waits for a registry that is away. Immutable.
///
/// @param patience from when the read began; zero: it fails with the first attempt; [#FOREVER]: it
///   never does
public record OutagePolicy(Duration patience) {
  /// Longer than any machine runs.
  private static final Duration FOREVER = Duration.ofDays(36_500);

  private static final long LONGEST_SECONDS = 30L * 86_400; // 30 days: who wants more says "wait"

  /// Reads fail at once: no longer than one attempt with its repetitions takes.
  public static final OutagePolicy FAIL = new OutagePolicy(Duration.ZERO);

  /// Reads wait until the registry is back, or their process is killed.
  public static final OutagePolicy WAIT = new OutagePolicy(FOREVER);

  /// What the daemon does where nobody says otherwise.
  public static final OutagePolicy DEFAULT = new OutagePolicy(Duration.ofSeconds(30));

  /// @throws IllegalArgumentException if the patience is negative
  public OutagePolicy {
    if (patience.isNegative()) {
      throw new IllegalArgumentException("a negative patience: " + patience);
    }
  }

  /// Reads what a label says: `wait`, `fail`, or seconds.
  ///
  /// @return empty for anything else, and for more than 30 days
  public static Optional<OutagePolicy> parse(String text) {
    if (text.equals("wait")) {
      return Optional.of(WAIT);
    }
    if (text.equals("fail")) {
      return Optional.of(FAIL);
    }
    return text.matches("[0-9]{1,9}") && Long.parseLong(text) <= LONGEST_SECONDS
        ? Optional.of(new OutagePolicy(Duration.ofSeconds(Long.parseLong(text))))
        : Optional.empty();
  }

  /// Returns the one that waits longer.
  OutagePolicy orLonger(OutagePolicy other) {
    return patience.compareTo(other.patience) >= 0 ? this : other;
  }
}
