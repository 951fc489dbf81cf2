package dev.asterism.cache;

/// How much of the disk the store may take. Immutable.
///
/// Where `minFree` is not set, it is 5 % of the file system, 8 GiB at most: enough that what else
/// lives there can write its logs until somebody looks, and little enough that a disk which is
/// rather full still has a cache. A node whose kubelet watches the same file system wants more than
/// that one's threshold: `16%` for the default of 15 % (`imagefs.available`).
///
/// @param maxSize bytes that the store's files may occupy
/// @param minFree bytes of the file system that the store leaves free
public record Budget(Limit maxSize, Limit minFree) {
  /// As large as the disk has room for.
  public static final Budget DEFAULT = new Budget(new Limit.Unset(), new Limit.Unset());

  private static final long MOST_LEFT_FREE = 8L << 30; // 8 GiB
  private static final int PART_LEFT_FREE = 20; // a 20th is 5 %

  /// Returns how many bytes the store may occupy at most; [Long#MAX_VALUE] for no limit.
  long maxSizeOf(long total) {
    return maxSize.bytes(total).orElse(Long.MAX_VALUE);
  }

  /// Returns how many bytes of a file system of `total` are to be left free.
  long minFreeOf(long total) {
    return minFree.bytes(total).orElse(Math.min(total / PART_LEFT_FREE, MOST_LEFT_FREE));
  }
}
