package dev.asterism.cache.index;

import dev.asterism.content.Digest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// Key → digest, over all shards. Thread-safe.
///
/// A key of a layer that was removed is not found, whether its memory has been given back or not.
final class KeyTable {
  private static final int PARTS = 256;
  private static final int BATCH = 4096; // records that are looked at under one lock

  private final Shard[] shards;
  private final KeySlots[] parts;
  private final LayerNumbers layers = new LayerNumbers();

  /// Layers that were removed and of which nobody was told yet.
  private List<Digest> layersGone = new ArrayList<>();

  KeyTable(Shard[] shards) {
    this.shards = shards;
    parts = IntStream.range(0, PARTS).mapToObj(_ -> new KeySlots(shards)).toArray(KeySlots[]::new);
  }

  LayerNumbers layers() {
    return layers;
  }

  private KeySlots part(Link link) {
    return parts[(int) link.hash() & PARTS - 1];
  }

  /// Returns how a key is found; empty if it cannot be, for one number of it is too large.
  private static Optional<Link> link(int layer, int entry, long offset) {
    return layer != LayerNumbers.NONE && offset <= KeyRecords.MAX_OFFSET
        ? Optional.of(new Link(layer, entry, offset))
        : Optional.empty();
  }

  /// Lets a key hold a digest that is in its shard.
  ///
  /// @param live whether the disk shows it, or only a file tells it
  void put(Digest layer, int entry, long offset, Digest digest, boolean live) {
    int number = layers.of(layer);
    link(number, entry, offset)
        .ifPresent(link -> {
          part(link).put(link, digest, live);
          if (layers.find(layer) != number) { // removed meanwhile: nobody else would look for it
            part(link).remove(link, digest, false, false);
          }
        });
  }

  /// Lets a key hold a digest no more, that of nobody else.
  void remove(Link link, Digest digest) {
    part(link).remove(link, digest, false, false);
  }

  /// Lets a key hold a digest no more, unless the disk has shown since that it does.
  void removeRestored(Digest layer, int entry, long offset, Digest digest) {
    link(layers.find(layer), entry, offset)
        .ifPresent(link -> part(link).remove(link, digest, false, true));
  }

  /// Lets a key hold nothing.
  void remove(Digest layer, int entry, long offset) {
    Optional<Link> known = link(layers.find(layer), entry, offset);
    if (known.isPresent()) {
      Link link = known.get();
      digestOf(link).ifPresent(digest -> part(link).remove(link, digest, true, false));
    }
  }

  /// Looks at the digest that a key holds, under the locks.
  <T> Optional<T> look(Digest layer, int entry, long offset, KeySlots.Found<Optional<T>> found) {
    return link(layers.find(layer), entry, offset)
        .flatMap(link -> part(link).look(link, Optional.empty(), found));
  }

  private Optional<Digest> digestOf(Link link) {
    return part(link)
        .look(
            link,
            Optional.empty(),
            (shard, key) -> Optional.of(shard.digests.digest(shard.keys.digest(key))));
  }

  /// Lets the keys of a layer hold nothing.
  ///
  /// @param tell whether the journal is to say so
  void removeLayer(Digest layer, boolean tell) {
    int number = layers.remove(layer);
    if (number == LayerNumbers.NONE) {
      return;
    }
    if (tell) {
      synchronized (this) {
        layersGone.add(layer);
      }
    }
    purge(number, false);
  }

  /// Lets the keys of a layer hold nothing that the disk has not shown.
  void removeRestoredLayer(Digest layer) {
    int number = layers.find(layer);
    if (number != LayerNumbers.NONE) {
      purge(number, true);
    }
  }

  private void purge(int layer, boolean restored) {
    for (Shard shard : shards) {
      int from = 0;
      for (int end = purge(shard, layer, 0, restored); (from += BATCH) < end; ) {
        end = purge(shard, layer, from, restored);
      }
    }
  }

  /// Removes a layer's keys among some records of a shard, and returns where the records end.
  private int purge(Shard shard, int layer, int from, boolean restored) {
    List<Link> links;
    int end;
    shard.lock.lock();
    try {
      links = shard.keysOf(layer, from, from + BATCH);
      end = shard.keys.end();
    } finally {
      shard.lock.unlock();
    }
    for (Link link : links) {
      digestOf(link).ifPresent(digest -> part(link).remove(link, digest, false, restored));
    }
    return end;
  }

  synchronized boolean isChanged() {
    return !layersGone.isEmpty();
  }

  /// Tells of the layers that were removed since this was called last.
  void tellLayersGone(Changes to) {
    List<Digest> gone;
    synchronized (this) {
      gone = layersGone;
      layersGone = new ArrayList<>();
    }
    gone.forEach(to::layerRemoved);
  }

  long memory() {
    long bytes = 0;
    for (KeySlots part : parts) {
      bytes += part.memory();
    }
    return bytes;
  }
}
