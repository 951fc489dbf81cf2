package dev.asterism.cache;

import dev.asterism.content.Digest;

/// One chunk of a file of several. Immutable.
///
/// @param fileOffset where it starts in the file, in bytes
/// @param digest what its bytes hash to
/// @param size bytes, more than 0
public record PartOfFile(long fileOffset, Digest digest, long size) {
  /// @throws IllegalArgumentException if it starts before the file does or has no bytes
  public PartOfFile {
    if (fileOffset < 0 || size <= 0) {
      throw new IllegalArgumentException(
          "not a part of a file: %d bytes at %d".formatted(size, fileOffset));
    }
  }
}
