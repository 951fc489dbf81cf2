package dev.asterism.fuse;

/// What `statfs(2)` shows. Immutable.
///
/// @param blocks size of the file system, in units of `blockSize`
/// @param blocksFree free of these; available ones are the same
/// @param files number of inodes
/// @param filesFree inodes that may still be made
/// @param blockSize bytes
public record Statfs(long blocks, long blocksFree, long files, long filesFree, int blockSize) {
  /// A file system that does not count.
  public static final Statfs UNCOUNTED = new Statfs(0, 0, 0, 0, 4096);
}
