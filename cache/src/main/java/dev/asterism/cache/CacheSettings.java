package dev.asterism.cache;

import java.time.Duration;

/// How long a cache waits before it does what may wait. Immutable.
///
/// @param persistEvery how often what changed is synced, more than 0
/// @param freshAge how long a link in `fresh` stays at least: longer than a lookup of the kernel
///   may take from `objects` to `fresh`
/// @param budget how much of the disk the store may take
/// @param upkeep what the store does for itself
public record CacheSettings(
    Duration persistEvery, Duration freshAge, Budget budget, Upkeep upkeep) {
  /// 5 s, as the seed's links file; 5 min.
  public static final CacheSettings DEFAULT =
      new CacheSettings(
          Duration.ofSeconds(5), Duration.ofMinutes(5), Budget.DEFAULT, Upkeep.DEFAULT);

  /// @throws IllegalArgumentException if the first is not positive or the second is negative
  public CacheSettings {
    if (!persistEvery.isPositive() || freshAge.isNegative()) {
      throw new IllegalArgumentException(
          "persist every %s, fresh for %s".formatted(persistEvery, freshAge));
    }
  }

  /// Returns these with another budget.
  public CacheSettings withBudget(Budget other) {
    return new CacheSettings(persistEvery, freshAge, other, upkeep);
  }

  /// Returns these with other upkeep.
  public CacheSettings withUpkeep(Upkeep other) {
    return new CacheSettings(persistEvery, freshAge, budget, other);
  }
}
