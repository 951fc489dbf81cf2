package dev.asterism.cache;

import dev.asterism.cache.index.LinksIndex;
import dev.asterism.cache.index.Place;
import dev.asterism.content.Digest;
import java.time.InstantSource;
import java.util.Optional;

/// Writes down in the index what happens in the store, with the time. Thread-safe.
final class Ledger {
  private final LinksIndex index;
  private final InstantSource clock;

  Ledger(LinksIndex index, InstantSource clock) {
    this.index = index;
    this.clock = clock;
  }

  LinksIndex index() {
    return index;
  }

  /// Returns where files of a kind stand.
  static Place place(HardlinkManager.Kind kind) {
    return switch (kind) {
      case FILE -> Place.OBJECT;
      case PART -> Place.CHUNK;
    };
  }

  /// A file stands under the digest, and is being used.
  void added(Place place, Digest digest, long size) {
    index.added(place, digest, size, now(), 0);
  }

  /// A file whose bytes were hashed by this process stands under the digest for the first time.
  void published(Place place, Digest digest, long size) {
    int now = now();
    index.added(place, digest, size, now, now);
  }

  /// A file was hashed, and stands under the digest again.
  void restored(HardlinkManager.Kind kind, Digest digest, long size) {
    index.seen(place(kind), digest, size);
    verified(digest);
  }

  /// The digest's file was hashed, and was right.
  void verified(Digest digest) {
    index.verified(digest, now());
  }

  /// A file stands under the digest, for whoever looked.
  void seen(Place place, Digest digest, long size) {
    index.seen(place, digest, size);
  }

  /// A layer's key holds the digest.
  void linked(Digest layer, ChunkKey key, Digest digest) {
    index.linked(layer, key.entry(), key.chunkOffset(), digest);
  }

  /// A layer's key holds nothing any more.
  void unlinked(Digest layer, ChunkKey key) {
    index.unlinked(layer, key.entry(), key.chunkOffset());
  }

  /// A layer holds nothing any more.
  void layerRemoved(Digest layer) {
    index.layerRemoved(layer);
  }

  /// The digest is about to be used, if it is known: returns what is.
  Optional<LinksIndex.Entry> use(Digest digest) {
    return index.use(digest, now());
  }

  /// The digest is being used.
  void used(Digest digest) {
    index.used(digest, now());
  }

  /// No file stands in that place any more.
  void removed(Place place, Digest digest) {
    index.removed(place, digest);
  }

  /// No file stands under the digest any more.
  void removed(Digest digest) {
    index.removed(digest);
  }

  private int now() {
    return Math.clamp(clock.millis() / 1000, 0, Integer.MAX_VALUE);
  }
}
