package dev.asterism.layers;

import dev.asterism.cache.PartOfFile;
import dev.asterism.content.Digest;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/// Files of several chunks that are not here whole: when the last chunk comes, the file becomes one object.
///
/// Thread-safe.
final class PartialFiles {
  private final LayerContent layer;
  private final ConcurrentMap<Integer, BitSet> missing = new ConcurrentHashMap<>();

  PartialFiles(LayerContent layer) {
    this.layer = layer;
  }

  /// Notes that a chunk of `object` is in the store; starts to put the file together if it was the last.
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
          position,
          !layer.isStored(layer.table().chunk(layer.table().chunkOf(object, position))));
    }
    return left;
  }

  private void complete(LayerObject object) {
    layer
        .cache()
        .completeFile(object.entry(), object.digest(), object.size(), parts(object));
    layer.shared().adoptElsewhere(layer, object.digest());
  }

  private List<PartOfFile> parts(LayerObject object) {
    List<PartOfFile> parts = new ArrayList<>(object.chunks());
    for (int position = 0; position < object.chunks(); position++) {
      LayerChunk chunk = layer.table().chunk(layer.table().chunkOf(object, position));
      Digest digest = chunk.digest().orElseThrow();
      parts.add(new PartOfFile(chunk.fileOffset(), digest, chunk.size()));
    }
    return parts;
  }
}
