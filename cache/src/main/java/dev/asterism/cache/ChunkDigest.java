package dev.asterism.cache;

import dev.asterism.content.Digest;

/// What a chunk's bytes hash to, as its TOC says. By it equal chunks of all keys are found and kept
/// once. Immutable.
///
/// @param size bytes, more than 0
public record ChunkDigest(Digest digest, long size) implements CacheOption {
  /// @throws IllegalArgumentException if there are no bytes: those are never shared
  public ChunkDigest {
    if (size <= 0) {
      throw new IllegalArgumentException("%d bytes of %s".formatted(size, digest));
    }
  }
}
