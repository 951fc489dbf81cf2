package dev.asterism.images;

import dev.asterism.content.Digest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Which files come first in which layer, in the order of their use. Immutable.
///
/// @param layers names for each layer, by the digest of the blob that is converted
public record FileOrder(Map<Digest, List<String>> layers) {
  /// Leaves layers as they are.
  public static final FileOrder NONE = new FileOrder(Map.of());

  /// Copies it.
  public FileOrder {
    Map<Digest, List<String>> copy = new HashMap<>();
    layers.forEach((layer, names) -> copy.put(layer, List.copyOf(names)));
    layers = Map.copyOf(copy);
  }

  /// Tells whether any file comes first.
  public boolean hasFiles() {
    return layers.values().stream().anyMatch(names -> !names.isEmpty());
  }

  /// Returns the names that come first in a layer.
  List<String> of(Digest layer) {
    return layers.getOrDefault(layer, List.of());
  }
}
