package dev.asterism.cache;

import java.time.Duration;

/// How a cleanup is done. Immutable.
///
/// @param unusedFor how long no layer has needed a file that is removed
/// @param dryRun whether it is only told what would be
public record CleanOptions(Duration unusedFor, boolean dryRun) {
  /// What the daemon does every day.
  public static final CleanOptions DEFAULT = new CleanOptions(Upkeep.DEFAULT.unusedFor(), false);

  /// @throws IllegalArgumentException if the age is negative
  public CleanOptions {
    if (unusedFor.isNegative()) {
      throw new IllegalArgumentException("unused for " + unusedFor);
    }
  }

  /// Returns these, done or only told.
  public CleanOptions withDryRun(boolean dry) {
    return new CleanOptions(unusedFor, dry);
  }

  /// Returns these for another age.
  public CleanOptions withUnusedFor(Duration age) {
    return new CleanOptions(age, dryRun);
  }
}
