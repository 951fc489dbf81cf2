package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Has images fetched whole where a label of one of their layers says that all is going to be read.
///
/// Thread-safe.
final class WholeImages {
  private final Catalog catalog;

  /// Those that a label says it of.
  private final Set<Digest> labelled = ConcurrentHashMap.newKeySet();

  WholeImages(Catalog catalog) {
    this.catalog = catalog;
  }

  /// A layer is mounted for an image.
  void prepared(LayerRequest request, LayerContent layer) {
    if (request.whole() && labelled.add(layer.digest())) {
      fetch(List.of(layer));
    }
  }

  /// A container is about to be started over a chain.
  void mounted(Chain chain) {
    if (chain.layers().stream().anyMatch(labelled::contains)) {
      fetch(chain.layers().stream().map(catalog::layer).flatMap(Optional::stream).toList());
    }
  }

  /// On a thread of its own: nobody waits for it.
  private static void fetch(List<LayerContent> layers) {
    Thread.ofVirtual()
        .name("whole image")
        .start(() -> layers.forEach(layer -> layer.anticipation().fetchWhole()));
  }

  /// Forgets layers that are mounted no more.
  void retain(Collection<Digest> mounted) {
    labelled.retainAll(mounted);
  }
}
