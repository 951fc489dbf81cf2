package dev.asterism.cli.config;

import dev.asterism.cache.Budget;
import dev.asterism.cache.DirectoryCacheConfig;
import dev.asterism.cache.Upkeep;
import dev.asterism.layers.StartPolicy;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;

/// What an operator can choose. Immutable.
///
/// @param verification how far images must prove themselves
/// @param blob how blobs are fetched
/// @param directoryCache how chunks are kept
/// @param budget how much of the disk the store may take
/// @param upkeep what the store does for itself
/// @param requestTimeout how long a registry may take to begin an answer
/// @param metricsAddress where the metrics are read over TCP; empty for nowhere
/// @param starts what is fetched before it is read
public record Configuration(
    Verification verification,
    BlobConfig blob,
    DirectoryCacheConfig directoryCache,
    Budget budget,
    Upkeep upkeep,
    Duration requestTimeout,
    Optional<InetSocketAddress> metricsAddress,
    StartPolicy starts) {

  /// The defaults: everything verified, everything shared.
  public static final Configuration DEFAULT =
      new Configuration(
          Verification.REQUIRED,
          BlobConfig.DEFAULT,
          DirectoryCacheConfig.DEFAULT,
          Budget.DEFAULT,
          Upkeep.DEFAULT,
          Duration.ofSeconds(30),
          Optional.empty(),
          StartPolicy.DEFAULT);

  /// How far images must prove themselves.
  public enum Verification {
    /// Every layer, whatever its labels say.
    REQUIRED,
    /// Every layer that does not carry the label that skips it (`allow_no_verification`).
    UNLESS_LABELLED,
    /// None (`disable_verification`): nothing is shared between layers then.
    NEVER
  }

  /// How blobs are fetched: table `blob`. Immutable.
  ///
  /// @param fetchingTimeout how long one fetch may take with all its retries
  /// @param maxRetries how often a request that may yet succeed is repeated; 0 means never
  /// @param minWait before the first retry
  /// @param maxWait before any retry
  public record BlobConfig(
      Duration fetchingTimeout, int maxRetries, Duration minWait, Duration maxWait) {
    /// The stargz snapshotter's defaults.
    public static final BlobConfig DEFAULT =
        new BlobConfig(Duration.ofMinutes(5), 5, Duration.ofMillis(30), Duration.ofMinutes(5));
  }
}
