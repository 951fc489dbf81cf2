package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/// Every layer that is mounted, and which of them list an object.
///
/// A lookup is a binary search in each layer's mapped [ChunkTable]: no memory per file, a
/// microsecond per layer. Thread-safe.
final class Catalog {
  private final ConcurrentMap<Digest, LayerContent> layers = new ConcurrentHashMap<>();

  /// An object and a layer that lists it.
  record Location(LayerContent layer, LayerObject object) {}

  void add(LayerContent layer) {
    layers.put(layer.digest(), layer);
  }

  Optional<LayerContent> layer(Digest digest) {
    return Optional.ofNullable(layers.get(digest));
  }

  Optional<LayerContent> remove(Digest digest) {
    return Optional.ofNullable(layers.remove(digest));
  }

  /// Returns the layers at this moment, not a copy.
  Collection<LayerContent> layers() {
    return layers.values();
  }

  /// Returns every layer that lists an object, in no order; empty if none does.
  List<Location> find(Digest object) {
    List<Location> found = new ArrayList<>(2);
    for (LayerContent layer : layers.values()) {
      OptionalInt index = layer.table().find(object);
      if (index.isPresent()) {
        found.add(new Location(layer, layer.table().object(index.getAsInt())));
      }
    }
    return found;
  }

  /// Tells whether a mounted layer lists a content of several chunks with another size than `size`:
  /// one of the two lies, and it is not known which before all of it was fetched.
  boolean contradicts(Digest object, long size) {
    return find(object).stream()
        .map(Location::object)
        .anyMatch(listed -> !listed.isOneChunk() && listed.size() != size);
  }

  /// Returns the object that a node stands for; empty if no layer lists it, or if two objects claim
  /// the node.
  Optional<Digest> object(long node) {
    Set<Digest> candidates = new HashSet<>(2);
    for (LayerContent layer : layers.values()) {
      ChunkTable table = layer.table();
      for (int i = table.lowerBound(NodeIds.lowest(node)); i < table.objects(); i++) {
        Digest digest = table.object(i).digest();
        if (NodeIds.of(digest) != node) {
          break;
        }
        candidates.add(digest);
      }
    }
    return candidates.size() == 1 ? Optional.of(candidates.iterator().next()) : Optional.empty();
  }
}
