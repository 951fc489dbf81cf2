package dev.asterism.cache.index;

/// What a layer calls a chunk. Immutable.
///
/// @param layer the layer's number
/// @param entry number of the file's entry in the TOC
/// @param offset where the chunk starts in its file
record Link(int layer, int entry, long offset) {
  long hash() {
    return hash(layer, entry, offset);
  }

  static long hash(int layer, int entry, long offset) {
    long bits = ((long) layer << 32 | entry) * 0xBF58476D1CE4E5B9L + offset ^ LinksIndex.SEED;
    bits = (bits ^ bits >>> 30) * 0x94D049BB133111EBL; // the finalizer of SplitMix64
    return bits ^ bits >>> 31;
  }
}
