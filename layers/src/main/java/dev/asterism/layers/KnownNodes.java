package dev.asterism.layers;

import dev.asterism.cache.PartOfFile;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/// Files of several chunks that the kernel knows at the gate, and what it was told about them.
///
/// The kernel keeps a node's size and pages until it sends FORGET, which may be long after the
/// layer that they came from is gone. A layer that says otherwise must not get the same node
/// meanwhile. In memory only: a new mount begins with a kernel that knows nothing. Thread-safe.
final class KnownNodes {
  private final ConcurrentMap<Long, Known> nodes = new ConcurrentHashMap<>();

  /// @param lookups how many times the kernel was told of it, less what it has forgotten
  private record Known(long lookups, List<PartOfFile> parts) {}

  /// Notes that the kernel is told of a node once more.
  void lookedUp(long node, List<PartOfFile> parts) {
    nodes.merge(
        node, new Known(1, parts), (known, _) -> new Known(known.lookups() + 1, known.parts()));
  }

  /// Notes that the kernel has forgotten, or was not told after all.
  void forgotten(long node, long lookups) {
    nodes.computeIfPresent(
        node,
        (_, known) ->
            known.lookups() <= lookups
                ? null
                : new Known(known.lookups() - lookups, known.parts()));
  }

  /// Tells whether the kernel knows a node as made of other chunks.
  boolean contradict(long node, List<PartOfFile> parts) {
    Known known = nodes.get(node);
    return known != null && !known.parts().equals(parts);
  }

  /// Tells whether the kernel knows a node.
  boolean contain(long node) {
    return nodes.containsKey(node);
  }
}
