package dev.asterism.cache;

import java.util.Optional;

/// Where a chunk belongs in its layer. Immutable.
///
/// Its text, `<entry>-<chunkOffset>` in decimal, names the layer's link to the chunk.
///
/// @param entry number of the file's entry in the TOC, from 0
/// @param chunkOffset where the chunk starts in its file, in bytes
public record ChunkKey(int entry, long chunkOffset) {
  private static final int MAX_LENGTH = 30; // 10 digits, a dash and 19 digits

  /// @throws IllegalArgumentException if either is negative
  public ChunkKey {
    if (entry < 0 || chunkOffset < 0) {
      throw new IllegalArgumentException("not a chunk key: %d-%d".formatted(entry, chunkOffset));
    }
  }

  /// Returns the key that a text stands for; empty if it is none.
  static Optional<ChunkKey> find(String text) {
    int dash = text.indexOf('-');
    if (dash <= 0 || text.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    try {
      ChunkKey key =
          new ChunkKey(
              Integer.parseInt(text.substring(0, dash)), Long.parseLong(text.substring(dash + 1)));
      return key.toString().equals(text) ? Optional.of(key) : Optional.empty();
    } catch (IllegalArgumentException _) {
      return Optional.empty(); // not numbers, or negative ones
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
