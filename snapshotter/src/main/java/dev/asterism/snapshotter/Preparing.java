package dev.asterism.snapshotter;

import dev.asterism.content.Digest;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/// The remote snapshots that are being prepared: the metadata hears of them when their layers can
/// be read. Until then this keeps their keys from others, their parents from being removed, and
/// their layers from being let go of.
///
/// Gone with the process, which has then told nobody of them. Thread-safe.
final class Preparing {
  private final Map<String, Entry> byKey = new ConcurrentHashMap<>();

  /// One of them, until it is closed.
  final class Entry implements AutoCloseable {
    private final String key;
    private final String parent;
    private final Digest layer;

    private Entry(String key, String parent, Digest layer) {
      this.key = key;
      this.parent = parent;
      this.layer = layer;
    }

    @Override
    public void close() {
      byKey.remove(key, this);
    }
  }

  /// Begins to prepare a layer.
  ///
  /// @param parent empty if there is none
  /// @throws SnapshotException if the key is being prepared already: ALREADY_EXISTS
  Entry enter(String key, String parent, Digest layer) throws SnapshotException {
    Entry entry = new Entry(key, parent, layer);
    if (byKey.putIfAbsent(key, entry) != null) {
      throw SnapshotException.alreadyExists(key);
    }
    return entry;
  }

  /// Tells whether a snapshot with that key is being prepared.
  boolean has(String key) {
    return byKey.containsKey(key);
  }

  /// Tells whether a snapshot over `name` is being prepared.
  boolean isOver(String name) {
    return byKey.values().stream().anyMatch(entry -> entry.parent.equals(name));
  }

  /// Returns the layers, a new set.
  Set<Digest> layers() {
    return byKey.values().stream().map(entry -> entry.layer).collect(Collectors.toSet());
  }
}
