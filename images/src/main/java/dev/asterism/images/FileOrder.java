package dev.asterism.images;

import dev.asterism.content.Digest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Which files come first in which layer, in the order of their use. Immutable.
///
/// @param everywhere names that come first in every layer that holds them, behind the layer's own
/// @param layers names for each layer, by the digest of the blob that is converted
public record FileOrder(List<String> everywhere, Map<Digest, List<String>> layers) {
  /// Leaves layers as they are.
  public static final FileOrder NONE = new FileOrder(List.of(), Map.of());

  /// Copies both.
  public FileOrder {
    everywhere = List.copyOf(everywhere);
    Map<Digest, List<String>> copy = new HashMap<>();
    layers.forEach((layer, names) -> copy.put(layer, List.copyOf(names)));
    layers = Map.copyOf(copy);
  }

  /// Puts the same names first in every layer that holds them.
  public static FileOrder everywhere(List<String> names) {
    return new FileOrder(names, Map.of());
  }

  /// Tells whether any file comes first.
  public boolean hasFiles() {
    return !everywhere.isEmpty() || layers.values().stream().anyMatch(names -> !names.isEmpty());
  }

  /// Returns the names that come first in a layer.
  List<String> of(Digest layer) {
    List<String> own = layers.getOrDefault(layer, List.of());
    return own.isEmpty()
        ? everywhere
        : Stream.concat(own.stream(), everywhere.stream()).distinct().toList();
  }
}
