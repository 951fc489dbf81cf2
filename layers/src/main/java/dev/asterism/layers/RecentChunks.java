package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// Chunks that stand nowhere else: those of unverified layers, and those that the disk had no room
/// for.
///
/// Bounded in bytes; the least recently used go first. Thread-safe.
final class RecentChunks {
  /// Which chunk of which layer: the bytes of a private chunk are never looked up by what they hash
  /// to.
  record Key(Digest layer, int chunk) {}

  private final long capacity;

  @GuardedBy("this")
  private final Map<Key, VerifiedChunk> chunks = new LinkedHashMap<>(16, 0.75f, true);

  @GuardedBy("this")
  private long size;

  /// @param capacity bytes; a single larger chunk is still kept until the next comes
  RecentChunks(long capacity) {
    this.capacity = capacity;
  }

  synchronized Optional<VerifiedChunk> find(Key key) {
    return Optional.ofNullable(chunks.get(key));
  }

  synchronized void put(Key key, VerifiedChunk chunk) {
    VerifiedChunk former = chunks.put(key, chunk);
    size += chunk.size() - (former == null ? 0 : former.size());
    Iterator<VerifiedChunk> eldest = chunks.values().iterator();
    while (size > capacity && chunks.size() > 1) {
      size -= eldest.next().size();
      eldest.remove();
    }
  }

  synchronized void removeLayer(Digest layer) {
    Iterator<Map.Entry<Key, VerifiedChunk>> entries = chunks.entrySet().iterator();
    while (entries.hasNext()) {
      Map.Entry<Key, VerifiedChunk> entry = entries.next();
      if (entry.getKey().layer().equals(layer)) {
        size -= entry.getValue().size();
        entries.remove();
      }
    }
  }
}
