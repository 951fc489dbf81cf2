package dev.asterism.layers;

import dev.asterism.cache.Cause;
import dev.asterism.cache.Published;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.BitSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/// Files of several chunks that are not here whole: when the last chunk comes, the file becomes one
/// object.
///
/// Thread-safe.
final class PartialFiles {
  private static final Logger LOGGER = System.getLogger(PartialFiles.class.getName());

  private final LayerContent layer;
  private final ConcurrentMap<Integer, BitSet> missing = new ConcurrentHashMap<>();

  PartialFiles(LayerContent layer) {
    this.layer = layer;
  }

  /// Notes that a chunk of `object` is in the store; starts to put the file together if it was the
  /// last.
  void arrived(LayerObject object, LayerChunk chunk) {
    int position = layer.table().positionOf(object, chunk.fileOffset());
    boolean[] complete = {false};
    missing.compute(
        object.index(),
        (_, former) -> {
          BitSet left = former == null ? missingOf(object) : former;
          left.clear(position);
          complete[0] = left.isEmpty();
          return complete[0] ? null : left;
        });
    if (complete[0]) {
      Thread.ofVirtual().name("complete " + object.digest()).start(() -> complete(object));
    }
  }

  private BitSet missingOf(LayerObject object) {
    BitSet left = new BitSet(object.chunks());
    for (int position = 0; position < object.chunks(); position++) {
      left.set(
          position, !layer.isStored(layer.table().chunk(layer.table().chunkOf(object, position))));
    }
    return left;
  }

  private void complete(LayerObject object) {
    Published published =
        layer
            .cache()
            .completeFile(object.entry(), object.digest(), object.size(), layer.parts(object));
    switch (published) {
      case Published.Shared _ -> layer.shared().adoptElsewhere(layer, object.digest());
      case Published.Unshared unshared -> stays(object, unshared.cause());
      case Published.Uncached uncached -> stays(object, uncached.cause());
    }
  }

  private void stays(LayerObject object, Cause cause) {
    LOGGER.log(
        Level.INFO,
        "file stays in parts layer={0} object={1} cause={2}",
        layer.digest(),
        object.digest(),
        cause);
  }
}
