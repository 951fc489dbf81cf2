package dev.asterism.snapshotter;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/// What containerd's snapshots service is asked, whoever keeps the snapshots. The meaning of each
/// call is at [Snapshots].
///
/// Thread-safe.
public abstract sealed class SnapshotCalls permits Snapshots, NamespacedSnapshots {
  abstract Prepared prepare(String key, String parent, Map<String, String> labels)
      throws IOException;

  abstract List<Mount> view(String key, String parent, Map<String, String> labels)
      throws IOException;

  abstract List<Mount> mounts(String key) throws IOException;

  abstract void commit(String name, String key, String parent, Map<String, String> labels)
      throws IOException;

  abstract void remove(String key) throws IOException;

  abstract Snapshot stat(String key) throws IOException;

  abstract Snapshot update(String name, Map<String, String> labels, List<String> fields)
      throws IOException;

  abstract List<Snapshot> list(List<String> filters) throws IOException;

  abstract Usage usage(String key) throws IOException;

  /// Deletes every directory that no snapshot has, and lets go of unused layers.
  public abstract void cleanup() throws IOException;
}
