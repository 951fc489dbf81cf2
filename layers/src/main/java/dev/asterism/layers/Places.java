package dev.asterism.layers;

import dev.asterism.cache.CacheMode;
import dev.asterism.content.Digest;
import dev.asterism.erofs.Content;

/// Where overlayfs finds a layer's content in the data-only layers.
final class Places {
  private Places() {}

  /// Returns the path: `/ab/<hex>` in the shared store, `/<layer>/ab/<hex>` where each layer has
  /// its own copies. An image that names the ones is of no use with the others.
  static Content of(CacheMode mode, Digest layer, Digest content) {
    Content shared = Content.of(content);
    return switch (mode) {
      case SHARED -> shared;
      case PLAIN -> new Content("/" + layer.hex() + shared.path());
    };
  }
}
