package dev.asterism.snapshotter;

import java.util.Locale;

/// containerd's three kinds of snapshot.
enum SnapshotKind {
  /// Read-only, over a committed parent or nothing; never committed.
  VIEW,
  /// Writable; ends by being committed or removed.
  ACTIVE,
  /// Immutable; the only kind that can be a parent.
  COMMITTED;

  /// Returns the word that containerd's filters use.
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
