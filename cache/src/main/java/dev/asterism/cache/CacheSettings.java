package dev.asterism.cache;

import java.time.Duration;

/// How a cache is kept. Immutable.
///
/// @param persistEvery how often what changed is synced, more than 0
/// @param freshAge how long a link in `fresh` stays at least: longer than a lookup of the kernel
///   may take from `objects` to `fresh`
/// @param budget how much of the disk the store may take
/// @param upkeep what the store does for itself
/// @param config how chunks are kept and read
public record CacheSettings(
    Duration persistEvery,
    Duration freshAge,
    Budget budget,
    Upkeep upkeep,
    DirectoryCacheConfig config) {
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

  /// With the default for how chunks are kept and read.
  public CacheSettings(Duration persistEvery, Duration freshAge, Budget budget, Upkeep upkeep) {
    this(persistEvery, freshAge, budget, upkeep, DirectoryCacheConfig.DEFAULT);
  }

  /// Returns these with another budget.
  public CacheSettings withBudget(Budget other) {
    return new CacheSettings(persistEvery, freshAge, other, upkeep, config);
  }

  /// Returns these with other upkeep.
  public CacheSettings withUpkeep(Upkeep other) {
    return new CacheSettings(persistEvery, freshAge, budget, other, config);
  }

  /// Returns these with chunks kept and read otherwise.
  public CacheSettings withConfig(DirectoryCacheConfig other) {
    return new CacheSettings(persistEvery, freshAge, budget, upkeep, other);
  }
}
