package dev.asterism.fuse;

/// The range of a file handle: two bits of the 64 are the session's.
final class Handle {
  /// One more than the greatest handle.
  static final long END = 1L << 62;

  private Handle() {}

  static void check(long handle) {
    if (handle < 0 || handle >= END) {
      throw new IllegalArgumentException("file handle out of range: " + handle);
    }
  }
}
