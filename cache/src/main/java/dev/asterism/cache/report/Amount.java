package dev.asterism.cache.report;

/// A number of files and what they take. Immutable.
///
/// @param files inodes, each counted once whatever its names
/// @param size bytes of content
/// @param stored bytes allocated on the disk; more than `size` by the rest of each last block, less
///   where the file system compresses. Blocks that two files share count for both
public record Amount(long files, long size, long stored) {
  /// Nothing.
  public static final Amount NONE = new Amount(0, 0, 0);

  /// Returns both together.
  public Amount plus(Amount other) {
    return new Amount(files + other.files, size + other.size, stored + other.stored);
  }

  /// Returns this without `part`, which it contains.
  public Amount minus(Amount part) {
    return new Amount(files - part.files, size - part.size, stored - part.stored);
  }
}
