package dev.asterism.cache.index;

import dev.asterism.content.Digest;
import java.io.IOException;

/// Takes what an index tells of itself: all of it, or what changed.
///
/// All but [#pause] are called with a lock held: they must not wait for anything.
interface Changes {
  /// A layer is gone, and all its keys.
  void layerRemoved(Digest layer);

  /// A digest is gone, and its keys.
  void removed(Digest digest);

  /// A key does not hold a digest any more.
  void unlinked(int layer, int entry, long offset, Digest digest);

  /// What is known of a digest now.
  ///
  /// @param places bits of [Place]
  void digest(Digest digest, int places, long size, int lastUse, int verified);

  /// A key holds a digest.
  void link(int layer, int entry, long offset, Digest digest);

  /// Called between two batches, without a lock: what was told may be written out.
  void pause() throws IOException;
}
