package dev.asterism.layers;

import dev.asterism.content.Digest;

/// The content of one or more files of a layer. Immutable.
///
/// @param index its number in the layer's [ChunkTable]
/// @param digest SHA-256 of the whole content; for a private object the name that stands in for it
/// @param size bytes, uncompressed, 1 or more
/// @param chunks how many chunks it is made of, 1 or more
/// @param entry number of the TOC entry that lists it first
/// @param sharing whether other layers may have it from the store
record LayerObject(int index, Digest digest, long size, int chunks, int entry, Sharing sharing) {
  /// Who may see an object.
  enum Sharing {
    /// It stands in the store under its digest, for everybody.
    SHARED,
    /// Its digest is not known or is disputed, or its layer was not verified: only the gate serves
    /// it.
    PRIVATE
  }

  /// Tells whether one chunk is the whole content.
  boolean isOneChunk() {
    return chunks == 1;
  }
}
