package dev.asterism.cache;

/// How chunks are kept and read: the keys of `[directory_cache]` that the stargz snapshotter has
/// too. Its numbers are for each layer, these for the whole node. Immutable.
///
/// @param enableHardlink whether layers share equal chunks as hard links to one file
///   (`enable_hardlink`); without, each has its own copies
/// @param maxLruCacheEntry chunks that are kept in memory at most (`max_lru_cache_entry`); their
///   bytes are bounded as well
/// @param maxCacheFds files that are kept open at most (`max_cache_fds`)
/// @param syncAdd whether a read waits until what it has fetched is written (`sync_add`)
/// @param direct whether memory and open files are passed by, and every look-up opens the chunk's
///   file (`direct`)
/// @param fadviseDontneed whether the kernel is told that pages of chunks which the daemon has
///   written or read are not needed (`fadv_dontneed`)
public record DirectoryCacheConfig(
    boolean enableHardlink,
    int maxLruCacheEntry,
    int maxCacheFds,
    boolean syncAdd,
    boolean direct,
    boolean fadviseDontneed) {
  /// Shared, 10 chunks, 10 files, and nothing of the others.
  public static final DirectoryCacheConfig DEFAULT =
      new DirectoryCacheConfig(true, 10, 10, false, false, false);

  /// @throws IllegalArgumentException if a number is negative
  public DirectoryCacheConfig {
    if (maxLruCacheEntry < 0 || maxCacheFds < 0) {
      throw new IllegalArgumentException(
          "%d chunks in memory, %d open files".formatted(maxLruCacheEntry, maxCacheFds));
    }
  }

  /// Returns the default with each layer's own copies.
  public static DirectoryCacheConfig plain() {
    return new DirectoryCacheConfig(
        false,
        DEFAULT.maxLruCacheEntry,
        DEFAULT.maxCacheFds,
        DEFAULT.syncAdd,
        DEFAULT.direct,
        DEFAULT.fadviseDontneed);
  }
}
