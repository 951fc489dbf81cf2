package dev.asterism.cli.cache;

import dev.asterism.content.Digest;
import java.util.List;

/// Who can be removed as a whole: an image, or a layer. Immutable.
///
/// @param name an image's reference, or a layer's digest
/// @param kind what it is
/// @param layers its layers that the store knows, lowest first
public record Holder(String name, Kind kind, List<Digest> layers) {
  /// What a holder is.
  public enum Kind {
    /// Layers that were pulled under one name.
    IMAGE,
    /// One layer by itself.
    LAYER
  }

  /// Copies the list.
  public Holder {
    layers = List.copyOf(layers);
  }

  /// Returns a layer as a holder of its own.
  public static Holder of(Digest layer) {
    return new Holder(layer.toString(), Kind.LAYER, List.of(layer));
  }
}
