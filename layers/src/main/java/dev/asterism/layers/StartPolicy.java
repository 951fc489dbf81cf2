package dev.asterism.layers;

import java.time.Duration;

/// What is fetched before anybody asks for it. Immutable.
///
/// @param prefetch what the image itself says
/// @param background the rest of every layer
/// @param learned what earlier starts read
public record StartPolicy(Prefetching prefetch, Background background, Learning learned) {
  /// Nothing but what is read.
  public static final StartPolicy NOTHING =
      new StartPolicy(
          new Prefetching(false, 0, Duration.ZERO, 0),
          new Background(false, Background.DEFAULT_CONCURRENCY),
          new Learning(false, 0));

  /// What the daemon does where the configuration says nothing else.
  public static final StartPolicy DEFAULT =
      new StartPolicy(Prefetching.DEFAULT, Background.DEFAULT, Learning.DEFAULT);

  /// Returns the same with another prefetch.
  public StartPolicy with(Prefetching other) {
    return new StartPolicy(other, background, learned);
  }

  /// Returns the same with another background fetch.
  public StartPolicy with(Background other) {
    return new StartPolicy(prefetch, other, learned);
  }

  /// Returns the same with other learning.
  public StartPolicy with(Learning other) {
    return new StartPolicy(prefetch, background, other);
  }

  /// How a layer's first bytes are prefetched: `noprefetch`, `prefetch_size`,
  /// `prefetch_timeout_sec`, `prefetch_async_size` of the stargz snapshotter. Immutable.
  ///
  /// @param enabled whether anything is
  /// @param size compressed bytes of a layer that has neither a landmark nor a label
  /// @param patience how long the first mount over a layer waits for its prefetch; zero does not
  ///   wait: what is read joins what is on its way
  /// @param asyncSize a prefetch of more compressed bytes is not waited for; 0 means that all are
  public record Prefetching(boolean enabled, long size, Duration patience, long asyncSize) {
    /// Landmarks and labels count, and no mount waits.
    public static final Prefetching DEFAULT = new Prefetching(true, 0, Duration.ZERO, 0);

    /// @throws IllegalArgumentException if one is negative
    public Prefetching {
      if (size < 0 || asyncSize < 0 || patience.isNegative()) {
        throw new IllegalArgumentException(
            "negative: size %d, wait %s, async size %d".formatted(size, patience, asyncSize));
      }
    }
  }

  /// How the rest of a layer comes: `no_background_fetch` and `max_concurrency` of the stargz
  /// snapshotter. Immutable.
  ///
  /// @param enabled whether it does
  /// @param maxConcurrency slices of 4 MiB that are asked for at a time from each registry, over
  ///   all layers, 1 or more
  public record Background(boolean enabled, int maxConcurrency) {
    /// As in the stargz snapshotter.
    public static final int DEFAULT_CONCURRENCY = 2;

    /// On, with that many.
    public static final Background DEFAULT = new Background(true, DEFAULT_CONCURRENCY);

    /// @throws IllegalArgumentException if `maxConcurrency` is not positive
    public Background {
      if (maxConcurrency < 1) {
        throw new IllegalArgumentException("not a number of requests: " + maxConcurrency);
      }
    }
  }

  /// What is made of earlier starts. Immutable.
  ///
  /// @param enabled whether starts are recorded and replayed
  /// @param maxBytes compressed bytes that one replay fetches at most, whatever its profile says
  public record Learning(boolean enabled, long maxBytes) {
    /// On; no start that was seen needed more.
    public static final Learning DEFAULT = new Learning(true, 256L << 20); // 256 MiB

    /// @throws IllegalArgumentException if `maxBytes` is negative
    public Learning {
      if (maxBytes < 0) {
        throw new IllegalArgumentException("negative bound: " + maxBytes);
      }
    }
  }
}
