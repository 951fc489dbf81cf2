package dev.asterism.layers;

import dev.asterism.cache.PartOfFile;
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

  /// How many layers list a content in several chunks: few contents are, so this is small.
  private final ConcurrentMap<Digest, Integer> inChunks = new ConcurrentHashMap<>();

  private final NodeIndex nodes = new NodeIndex();
  private final KnownNodes known;

  /// @param known what the kernel remembers of layers, mounted or not
  Catalog(KnownNodes known) {
    this.known = known;
  }

  /// An object and a layer that lists it.
  record Location(LayerContent layer, LayerObject object) {}

  void add(LayerContent layer) {
    Optional<LayerContent> _ = remove(layer.digest());
    layers.put(layer.digest(), layer);
    nodes.add(layer.table());
    count(layer, 1);
  }

  private void count(LayerContent layer, int change) {
    ChunkTable table = layer.table();
    for (int index = 0; index < table.objects(); index++) {
      LayerObject object = table.object(index);
      if (!object.isOneChunk()) {
        inChunks.merge(
            object.digest(), change, (one, other) -> one + other == 0 ? null : one + other);
      }
    }
  }

  Optional<LayerContent> layer(Digest digest) {
    return Optional.ofNullable(layers.get(digest));
  }

  Optional<LayerContent> remove(Digest digest) {
    Optional<LayerContent> removed = Optional.ofNullable(layers.remove(digest));
    removed.ifPresent(layer -> {
      nodes.removed();
      count(layer, -1);
    });
    return removed;
  }

  /// Returns the layers at this moment, not a copy.
  Collection<LayerContent> layers() {
    return layers.values();
  }

  /// Returns every layer that lists an object; empty if none does. Those that could not deliver
  /// lately come last.
  List<Location> find(Digest object) {
    List<Location> found = new ArrayList<>(2);
    List<Location> troubled = new ArrayList<>(0);
    for (LayerContent layer : layers.values()) {
      OptionalInt index = layer.table().find(object);
      if (index.isPresent()) {
        (layer.isTroubled() ? troubled : found)
            .add(new Location(layer, layer.table().object(index.getAsInt())));
      }
    }
    found.addAll(troubled);
    return found;
  }

  /// Tells whether a layer must not share a content under its digest, because of what mounted
  /// layers or the kernel's memory say.
  ///
  /// The chunks of a file are served before the whole is there to be hashed, and stay in the page
  /// cache of the node that the content's digest names. So two layers may share a content only if
  /// they agree on every chunk: else one of the two lies, and it is not known which. A content of
  /// one chunk proves itself, and is held against those in several chunks only.
  ///
  /// Another content must not have the same node either. That does not happen by chance, but a
  /// layer may claim any digest.
  boolean contradicts(Digest object, List<PartOfFile> parts) {
    return collides(object) || disagrees(object, parts);
  }

  /// The same for all shared objects of a layer that is not mounted yet. Returns the first that
  /// must not be shared.
  Optional<LayerObject> findContradiction(LayerContent candidate) {
    ChunkTable table = candidate.table();
    for (int index = 0; index < table.objects(); index++) {
      LayerObject object = table.object(index);
      if (object.sharing() == LayerObject.Sharing.SHARED
          && !(object.isOneChunk() && isProbablyInOneChunk(object.digest()))
          && disagrees(object.digest(), candidate.stored().parts(object))) {
        return Optional.of(object);
      }
    }
    for (int index = 0; index < table.objects(); index++) {
      if (collides(table.digest(index))) {
        return Optional.of(table.object(index));
      }
    }
    return Optional.empty();
  }

  private boolean disagrees(Digest object, List<PartOfFile> parts) {
    if (parts.size() == 1 && isProbablyInOneChunk(object)) {
      return false;
    }
    if (known.contradict(NodeIds.of(object), parts)) {
      return true;
    }
    for (Location location : find(object)) {
      boolean bothInOne = parts.size() == 1 && location.object().isOneChunk();
      if (!bothInOne && !location.layer().stored().parts(location.object()).equals(parts)) {
        return true;
      }
    }
    return false;
  }

  /// Spares the search through all layers for nearly every file of one chunk.
  private boolean isProbablyInOneChunk(Digest object) {
    return !inChunks.containsKey(object) && !known.contain(NodeIds.of(object));
  }

  private boolean collides(Digest object) {
    return nodes.collides(object, () -> layers.values().stream().map(LayerContent::table));
  }

  private static List<Digest> objectsAt(ChunkTable table, long node) {
    List<Digest> found = new ArrayList<>(1);
    for (int i = table.lowerBound(NodeIds.lowest(node));
        i < table.objects() && NodeIds.of(table.digest(i)) == node;
        i++) {
      found.add(table.digest(i));
    }
    return found;
  }

  /// Notes that the kernel is told of a file of several chunks. To be called before it is.
  ///
  /// @return whether the layer is still mounted; if not, the kernel must not be told
  boolean lookedUp(Location location) {
    long node = NodeIds.of(location.object().digest());
    known.lookedUp(node, location.layer().stored().parts(location.object()));
    if (layers.get(location.layer().digest()) == location.layer()) {
      return true;
    }
    known.forgotten(node, 1);
    return false;
  }

  /// Notes that the kernel has forgotten a node so many times.
  void forgotten(long node, long lookups) {
    known.forgotten(node, lookups);
  }

  /// Returns the object that a node stands for; empty if no layer lists it, or if two objects claim
  /// the node.
  Optional<Digest> object(long node) {
    Set<Digest> candidates = new HashSet<>(2);
    layers.values().forEach(layer -> candidates.addAll(objectsAt(layer.table(), node)));
    return candidates.size() == 1 ? Optional.of(candidates.iterator().next()) : Optional.empty();
  }
}
