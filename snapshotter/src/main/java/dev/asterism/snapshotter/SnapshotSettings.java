package dev.asterism.snapshotter;

import java.util.Optional;

/// How snapshots are kept. Immutable.
///
/// @param verification whether a layer may go without a TOC digest
/// @param asyncRemove whether directories of removed snapshots stay until the next Cleanup, which
///   containerd asks for after each garbage collection; else Remove deletes them
/// @param namespace whose snapshots alone these are; empty if they are everybody's
public record SnapshotSettings(
    VerificationPolicy verification, boolean asyncRemove, Optional<String> namespace) {
  /// Everybody's, removed at once.
  public static SnapshotSettings of(VerificationPolicy verification) {
    return new SnapshotSettings(verification, false, Optional.empty());
  }

  /// Returns the same for one namespace alone.
  public SnapshotSettings ofNamespace(String name) {
    return new SnapshotSettings(verification, asyncRemove, Optional.of(name));
  }

  /// Returns the name that the committed snapshot of a target gets.
  ///
  /// @param parent name of the snapshot below; empty where there is none
  String nameFor(String target, String parent) {
    boolean ofAll = !target.contains("/") && NamespacedSnapshots.namespaceOf(parent).isEmpty();
    return namespace.filter(_ -> !ofAll).map(name -> name + "/" + target).orElse(target);
  }
}
