package dev.asterism.layers;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import java.util.Optional;

/// A chunk and where it lies. Immutable.
///
/// @param number its place among the layer's chunks in blob order
/// @param member compressed bytes: from the start of its gzip member to the start of the next one
///   that holds content
/// @param innerOffset where it starts in the uncompressed member
/// @param fileOffset where it starts in its file
/// @param size uncompressed bytes, 1 or more
/// @param object index of the object it belongs to
/// @param digest what its bytes must hash to; empty only in a layer that was not verified
record LayerChunk(
    int number,
    ByteRange member,
    long innerOffset,
    long fileOffset,
    int size,
    int object,
    Optional<Digest> digest) {
  /// Returns where it ends in its file.
  long fileEnd() {
    return fileOffset + size;
  }
}
