package dev.asterism.layers;

import dev.asterism.content.Digest;

/// Where a content lies below every data-only layer: `/ab/<64 hex digits>`.
final class ObjectPaths {
  private ObjectPaths() {}

  /// Returns what `trusted.overlay.redirect` says of a content.
  static String of(Digest content) {
    String hex = content.hex();
    return "/" + hex.substring(0, 2) + "/" + hex;
  }
}
