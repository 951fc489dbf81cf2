package dev.asterism.snapshotter;

import java.util.List;

/// How a Prepare ended well.
sealed interface Prepared {
  /// An active snapshot stands; mount these to write to it.
  record Mounts(List<Mount> mounts) implements Prepared {
    public Mounts {
      mounts = List.copyOf(mounts);
    }
  }

  /// The layer is there already as a committed snapshot: nothing to download, nothing to unpack.
  /// The wire calls it ALREADY_EXISTS.
  ///
  /// @param target the name that was asked for
  record AlreadyCommitted(String target) implements Prepared {}
}
