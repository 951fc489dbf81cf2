package dev.asterism.estargz;

/// Where an eStargz layer's TOC goes.
public enum TocPlace {
  /// Into the layer, in front of its footer.
  INSIDE,

  /// Into a blob of its own, which another image names (stargz snapshotter, "External TOC"). The
  /// footer says so, and nothing else of the layer does.
  BESIDE,

  /// As [#BESIDE], and the tar stays what it was, byte for byte: so does the layer's diff ID. No
  /// landmark is added, and files can't be sorted.
  BESIDE_SAME_TAR
}
