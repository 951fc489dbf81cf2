package dev.asterism.cache.index;

/// What a layer takes of the disk, what it shares with others divided evenly among its holders: the
/// shares of all layers together are what all of them take. Immutable.
///
/// @param bytes allocated on the disk
/// @param files rounded
public record LayerShare(long bytes, long files) {
  /// Of a layer that holds nothing.
  public static final LayerShare NOTHING = new LayerShare(0, 0);
}
