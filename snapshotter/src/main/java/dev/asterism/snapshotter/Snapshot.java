package dev.asterism.snapshotter;

import dev.asterism.layers.LayerRequest;
import java.time.Instant;
import java.util.Map;

/// One row of the metadata. Immutable.
///
/// @param id our number for its directory; never used twice
/// @param name its key or name: one space for all kinds, unique, opaque
/// @param parent name of the committed snapshot below; empty where there is none
/// @param created when it was prepared, or committed
/// @param updated when its labels last changed
/// @param usage as computed at commit; nothing for the other kinds
record Snapshot(
    long id,
    String name,
    String parent,
    SnapshotKind kind,
    Instant created,
    Instant updated,
    Map<String, String> labels,
    Usage usage,
    Content content) {
  Snapshot {
    labels = Map.copyOf(labels);
  }

  /// Where the files of a snapshot are.
  sealed interface Content {
    /// In its directory `fs`.
    record Ordinary() implements Content {}

    /// In a registry. Of an active snapshot: what is being prepared, and must not be forgotten
    /// meanwhile; its own files are in `fs` all the same.
    record Remote(LayerRequest layer) implements Content {}
  }
}
