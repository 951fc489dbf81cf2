package dev.asterism.cache.index;

import dev.asterism.content.Digest;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// The layers, numbered: a number stands in a key for 32 bytes. A number is never used again.
/// Thread-safe.
final class LayerNumbers {
  static final int NONE = -1;

  private final ConcurrentHashMap<Digest, Integer> numbers = new ConcurrentHashMap<>();
  private final CopyOnWriteArrayList<Optional<Digest>> layers = new CopyOnWriteArrayList<>();

  /// Returns a layer's number, [#NONE] if it has none.
  int find(Digest layer) {
    @Nullable Integer number = numbers.get(layer);
    return number == null ? NONE : number;
  }

  /// Returns a layer's number, which it gets now if it has none; [#NONE] if there are no more.
  int of(Digest layer) {
    int number = find(layer);
    return number != NONE ? number : give(layer);
  }

  private synchronized int give(Digest layer) {
    int number = find(layer);
    if (number == NONE && layers.size() < KeyRecords.MAX_LAYER) {
      number = layers.size();
      layers.add(Optional.of(layer));
      numbers.put(layer, number);
    }
    return number;
  }

  /// Returns the layer of a number; empty if it was removed.
  Optional<Digest> layer(int number) {
    return number < layers.size() ? layers.get(number) : Optional.empty();
  }

  /// Takes a layer's number away and returns it, [#NONE] if it had none.
  synchronized int remove(Digest layer) {
    @Nullable Integer number = numbers.remove(layer);
    if (number == null) {
      return NONE;
    }
    layers.set(number, Optional.empty());
    return number;
  }

  /// Returns a number above all.
  int end() {
    return layers.size();
  }
}
