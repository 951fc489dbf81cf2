package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/// Consecutive lazy layers whose metadata is merged into one image. Immutable.
///
/// @param layers blob digests, lowest layer first; never empty
/// @param base whether an ordinary layer lies below: then whiteouts and opaque directories stay in
///   the merged image
public record Chain(List<Digest> layers, Base base) {
  /// What the lowest layer of a chain stands on.
  public enum Base {
    /// Nothing: the chain starts at the image's first layer.
    EMPTY,
    /// An unpacked snapshot, which the container's overlay stacks below.
    ORDINARY
  }

  /// @throws IllegalArgumentException if there is no layer
  public Chain {
    layers = List.copyOf(layers);
    if (layers.isEmpty()) {
      throw new IllegalArgumentException("a chain has at least one layer");
    }
  }

  /// Returns the name of the merged image: the digest of what it is made from.
  public Digest id() {
    String text =
        layers.stream().map(Digest::toString).collect(Collectors.joining(" ")) + " " + base;
    return Digest.of(text.getBytes(StandardCharsets.UTF_8));
  }
}
