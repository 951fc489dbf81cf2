package dev.asterism.cache;

/// How the cache reads: the keys of `[directory_cache]` that say so. Immutable.
///
/// @param maxLruCacheEntry chunks that are kept in memory at most; their bytes are bounded as well
/// @param maxCacheFds files that are kept open at most
/// @param direct whether both are passed by, and every read opens its file
public record DirectoryCacheConfig(int maxLruCacheEntry, int maxCacheFds, boolean direct) {
  /// 1,000 chunks, 100 files.
  public static final DirectoryCacheConfig DEFAULT = new DirectoryCacheConfig(1000, 100, false);

  /// @throws IllegalArgumentException if a number is negative
  public DirectoryCacheConfig {
    if (maxLruCacheEntry < 0 || maxCacheFds < 0) {
      throw new IllegalArgumentException(
          "%d chunks in memory, %d open files".formatted(maxLruCacheEntry, maxCacheFds));
    }
  }
}
