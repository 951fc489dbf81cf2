package dev.asterism.cache;

/// Where a chunk belongs in its layer. Immutable.
///
/// Its text, `<entry>-<chunkOffset>` in decimal, names the layer's link to the chunk.
///
/// @param entry number of the file's entry in the TOC, from 0
/// @param chunkOffset where the chunk starts in its file, in bytes
public record ChunkKey(int entry, long chunkOffset) {
  /// @throws IllegalArgumentException if either is negative
  public ChunkKey {
    if (entry < 0 || chunkOffset < 0) {
      throw new IllegalArgumentException("not a chunk key: %d-%d".formatted(entry, chunkOffset));
    }
  }

  /// Returns the key of a file as a whole, which is that of its first chunk.
  public static ChunkKey ofFile(int entry) {
    return new ChunkKey(entry, 0);
  }

  @Override
  public String toString() {
    return entry + "-" + chunkOffset;
  }
}
