package dev.asterism.snapshotter;

import dev.asterism.content.Digest;
import dev.asterism.layers.Chain;
import dev.asterism.layers.LayerMounter.InUse;
import dev.asterism.snapshotter.MountPlan.Lower;
import dev.asterism.snapshotter.Snapshot.Content;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.stream.Collectors;

/// What snapshots refer to in `layers`. Pure.
final class References {
  private References() {}

  /// Returns the parents as [MountPlan] wants them, in the same order.
  ///
  /// @param fs where the files of an ordinary snapshot are, by its id
  static List<MountPlan.Parent> parents(List<Snapshot> ancestors, LongFunction<Path> fs) {
    return ancestors.stream().map(parent -> parent(parent, fs)).toList();
  }

  private static MountPlan.Parent parent(Snapshot parent, LongFunction<Path> fs) {
    return switch (parent.content()) {
      case Content.Ordinary() -> new MountPlan.Parent.Ordinary(fs.apply(parent.id()));
      case Content.Remote(var layer) -> new MountPlan.Parent.Remote(layer.layer());
    };
  }

  /// Tells whether a snapshot or something below it is remote.
  static boolean touchLayers(Snapshot snapshot, List<Snapshot> ancestors) {
    return snapshot.content() instanceof Content.Remote
        || ancestors.stream().anyMatch(parent -> parent.content() instanceof Content.Remote);
  }

  /// Returns the layers of every remote snapshot, committed or just being prepared, and the chains
  /// under everything that can be mounted.
  static InUse inUse(List<Snapshot> all, LongFunction<Path> fs) {
    Map<String, Snapshot> byName =
        all.stream().collect(Collectors.toMap(Snapshot::name, Function.identity()));
    Set<Digest> layers = new HashSet<>();
    Set<String> mounted = new HashSet<>();
    for (Snapshot snapshot : all) {
      if (snapshot.content() instanceof Content.Remote(var layer)) {
        layers.add(layer.layer());
      }
      if (snapshot.kind() != SnapshotKind.COMMITTED) {
        mounted.add(snapshot.parent());
      }
    }
    Set<Chain> chains = new HashSet<>();
    for (String parent : mounted) {
      for (Lower lower : MountPlan.lowers(parents(upFrom(parent, byName), fs))) {
        if (lower instanceof Lower.Merged(Chain chain)) {
          chains.add(chain);
        }
      }
    }
    return new InUse(layers, chains);
  }

  private static List<Snapshot> upFrom(String name, Map<String, Snapshot> byName) {
    Map<String, Snapshot> unseen = new HashMap<>(byName);
    List<Snapshot> chain = new ArrayList<>();
    Snapshot next = unseen.remove(name);
    while (next != null) {
      chain.add(next);
      next = unseen.remove(next.parent());
    }
    return chain;
  }
}
