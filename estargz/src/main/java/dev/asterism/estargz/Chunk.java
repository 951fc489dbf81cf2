package dev.asterism.estargz;

import dev.asterism.content.Digest;
import java.util.Optional;

/// A piece of one regular file, and where in the blob its bytes are. Immutable.
///
/// @param fileOffset of its first byte in the file
/// @param size uncompressed bytes, 1 or more, bounded by [TocLimits#chunkSize]
/// @param digest what its bytes hash to; empty only in layers that can't be verified
/// @param blobOffset of the member that holds it, in compressed bytes
/// @param innerOffset of its first byte in that member, in uncompressed bytes; 0 unless several
///   payloads share the member
public record Chunk(
    long fileOffset, int size, Optional<Digest> digest, long blobOffset, long innerOffset) {
  /// @throws IllegalArgumentException if an offset is negative or the size is not positive
  public Chunk {
    if (fileOffset < 0 || size <= 0 || blobOffset < 0 || innerOffset < 0) {
      throw new IllegalArgumentException(
          "not a chunk: file offset %d, size %d, blob offset %d, inner offset %d"
              .formatted(fileOffset, size, blobOffset, innerOffset));
    }
  }

  /// Returns the file offset behind its last byte.
  public long fileEnd() {
    return fileOffset + size;
  }
}
