package dev.asterism.cache;

import java.time.Duration;

/// What the store does for itself in the background. Immutable.
///
/// The scrub's rate is what costs nobody anything: 8 MiB/s are less than 1 % of a core with SHA
/// instructions and a tenth of the slowest disk, and still hash 100 GB in four hours.
///
/// @param cleanEvery how often what is not used is looked for
/// @param unusedFor how long no layer has needed a file that cleanup removes
/// @param scrubEvery how long after everything was hashed it begins again
/// @param scrubRate bytes a second that the scrub reads at most; 0 for no scrub
public record Upkeep(Duration cleanEvery, Duration unusedFor, Duration scrubEvery, long scrubRate) {
  /// Every day, after two weeks; every 30 days, 8 MiB/s.
  public static final Upkeep DEFAULT =
      new Upkeep(Duration.ofHours(24), Duration.ofDays(14), Duration.ofDays(30), 8 << 20);

  /// @throws IllegalArgumentException if a time is not positive or a number is negative
  public Upkeep {
    if (!cleanEvery.isPositive()
        || unusedFor.isNegative()
        || !scrubEvery.isPositive()
        || scrubRate < 0) {
      throw new IllegalArgumentException(
          "clean every %s what is unused for %s, scrub every %s at %d bytes a second"
              .formatted(cleanEvery, unusedFor, scrubEvery, scrubRate));
    }
  }
}
