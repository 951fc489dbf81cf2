package dev.asterism.cache;

import dev.asterism.content.Digest;
import java.util.List;

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

  /// Checks that parts make up a file, as their caller says.
  ///
  /// @throws IllegalArgumentException if there is a gap, or another length
  static void requireWhole(long size, List<PartOfFile> parts) {
    long end = 0;
    for (PartOfFile part : parts) {
      if (part.fileOffset() != end) {
        throw new IllegalArgumentException(
            "a part at %d, expected at %d".formatted(part.fileOffset(), end));
      }
      end += part.size();
    }
    if (end != size) {
      throw new IllegalArgumentException("parts of %d bytes, a file of %d".formatted(end, size));
    }
  }
}
