package dev.asterism.layers;

import dev.asterism.cache.Cause;
import dev.asterism.cache.Published;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.BitSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/// Files of several chunks that are not here whole: when the last chunk comes, the file becomes one
/// object.
///
/// Thread-safe.
final class PartialFiles {
  private static final Logger LOGGER = System.getLogger(PartialFiles.class.getName());

  /// No chunk's position.
  private static final int NONE = -1;

  private final LayerContent layer;

  /// For each object that has begun to come, the chunks that are not known to be in the store.
  private final ConcurrentMap<Integer, BitSet> missing = new ConcurrentHashMap<>();

  private final Set<Integer> completing = ConcurrentHashMap.newKeySet();

  /// Those whose chunks are right and do not make the whole that the TOC promises.
  private final Set<Integer> hopeless = ConcurrentHashMap.newKeySet();

  PartialFiles(LayerContent layer) {
    this.layer = layer;
  }

  /// Notes that a chunk of `object` is in the store; starts to put the file together if it was the
  /// last.
  void arrived(LayerObject object, LayerChunk chunk) {
    check(object, layer.table().positionOf(object, chunk.fileOffset()));
  }

  /// Starts to put a file together if all of it is in the store: its chunks may have come with
  /// other files or through other layers, or before the last restart.
  void look(LayerObject object) {
    check(object, NONE);
  }

  private void check(LayerObject object, int arrived) {
    boolean[] complete = {false};
    missing.compute(
        object.index(),
        (_, former) -> {
          BitSet left = former == null ? allOf(object) : former;
          if (arrived != NONE) {
            left.clear(arrived);
          }
          complete[0] = isNothingMissing(object, left);
          return complete[0] ? null : left;
        });
    if (complete[0] && !hopeless.contains(object.index()) && completing.add(object.index())) {
      Thread.ofVirtual().name("complete " + object.digest()).start(() -> complete(object));
    }
  }

  private static BitSet allOf(LayerObject object) {
    BitSet all = new BitSet(object.chunks());
    all.set(0, object.chunks());
    return all;
  }

  /// Takes out of `left` what is in the store, up to the first chunk that is not: so every chunk is
  /// looked for about once, however many arrive.
  private boolean isNothingMissing(LayerObject object, BitSet left) {
    ChunkTable table = layer.table();
    int position = left.nextSetBit(0);
    while (position >= 0 && layer.stored().isStored(table.chunk(table.chunkOf(object, position)))) {
      left.clear(position);
      position = left.nextSetBit(position);
    }
    return position < 0;
  }

  private void complete(LayerObject object) {
    try {
      Published published =
          layer
              .cache()
              .completeFile(
                  object.entry(), object.digest(), object.size(), layer.stored().parts(object));
      switch (published) {
        case Published.Shared _ -> {
          layer.anticipation().noteWhole(object);
          layer.shared().adoptElsewhere(layer, object.digest());
        }
        case Published.Unshared unshared -> stays(object, unshared.cause());
        case Published.Uncached uncached -> {
          stays(object, uncached.cause());
          if (uncached.cause() == Cause.CORRUPT && isNothingMissing(object, allOf(object))) {
            hopeless.add(object.index()); // no part was damaged, or it would be gone now
          }
        }
      }
    } finally {
      completing.remove(object.index());
    }
  }

  private void stays(LayerObject object, Cause cause) {
    LOGGER.log(
        cause == Cause.MISSING ? Level.DEBUG : Level.INFO, // missing: the store lost one meanwhile
        "file stays in parts layer={0} object={1} cause={2}",
        layer.digest(),
        object.digest(),
        cause);
  }
}
