package dev.asterism.cache;

import java.nio.file.Path;

/// What became of a chunk or file that was given to the store. Immutable.
///
/// None of these is an error to a reader: who has the bytes goes on serving them.
public sealed interface Published {
  /// It stands under its digest, for every layer. A whole file stands in `objects` or `fresh` as
  /// well as the kernel could wish: a lookup that has passed the one finds it in the other.
  ///
  /// The layer's own link to it may be missing where the file system refused it, which is logged
  /// and counted; then the store may take the object for unused.
  ///
  /// @param path the file under its digest
  record Shared(Path path) implements Published {}

  /// The layer has a copy of its own, which only [LayerCache#findOwn] finds: it could be written
  /// but not linked. The kernel does not find it.
  ///
  /// @param path the file in the layer's directory
  record Unshared(Path path, Cause cause) implements Published {}

  /// The disk has nothing of it.
  record Uncached(Cause cause) implements Published {}
}
