package dev.asterism.layers;

import dev.asterism.cache.PartOfFile;
import dev.asterism.content.Digest;
import dev.asterism.fuse.NodeLedger;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/// Files of several chunks that the kernel knows at the gate, and what it was told about them.
///
/// The kernel keeps a node's size and pages until it sends FORGET, which may be long after the
/// layer that they came from is gone, and after the process that told it. A layer that says
/// otherwise must not get the same node meanwhile. What a kill can leave behind is a node that
/// counts as known although it is forgotten: a layer that contradicts it then gets its file under a
/// name of its own, which costs no more than a second copy. Thread-safe.
final class KnownNodes {
  private static final int PART = 2 * Long.BYTES + Digest.SIZE;

  private final NodeLedger ledger;
  private final ConcurrentMap<Long, Known> nodes = new ConcurrentHashMap<>();

  /// @param lookups how many times the kernel was told of it, less what it has forgotten
  /// @param partsA the first half of what its parts hash to
  /// @param partsB the second
  private record Known(long lookups, long partsA, long partsB) {
    NodeLedger.Row row() {
      return new NodeLedger.Row(lookups, partsA, partsB);
    }

    Known plus(long change) {
      return new Known(lookups + change, partsA, partsB);
    }
  }

  /// @param ledger where it is kept for the next process; what a former one left counts
  KnownNodes(NodeLedger ledger) {
    this.ledger = ledger;
    ledger.rows().forEach((node, row) -> nodes.put(node, new Known(row.a(), row.b(), row.c())));
  }

  /// Notes that the kernel is told of a node once more.
  void lookedUp(long node, List<PartOfFile> parts) {
    Digest hash = hash(parts);
    nodes.compute(
        node,
        (_, known) -> {
          Known next = known == null ? new Known(1, hash.a(), hash.b()) : known.plus(1);
          ledger.put(node, next.row());
          return next;
        });
  }

  /// Notes that the kernel has forgotten, or was not told after all.
  void forgotten(long node, long lookups) {
    nodes.computeIfPresent(
        node,
        (_, known) -> {
          if (known.lookups() <= lookups) {
            ledger.remove(node);
            return null;
          }
          Known next = known.plus(-lookups);
          ledger.put(node, next.row());
          return next;
        });
  }

  /// Tells whether the kernel knows a node as made of other chunks.
  boolean contradict(long node, List<PartOfFile> parts) {
    Known known = nodes.get(node);
    if (known == null) {
      return false;
    }
    Digest hash = hash(parts);
    return known.partsA() != hash.a() || known.partsB() != hash.b();
  }

  /// Tells whether the kernel knows a node.
  boolean contain(long node) {
    return nodes.containsKey(node);
  }

  /// Half of this SHA-256 is kept: nobody finds other parts with the same 128 bits.
  private static Digest hash(List<PartOfFile> parts) {
    MessageDigest hasher = Digest.hasher();
    ByteBuffer bytes = ByteBuffer.allocate(PART);
    for (PartOfFile part : parts) {
      bytes.clear();
      bytes.putLong(part.fileOffset()).putLong(part.size());
      part.digest().write(bytes);
      hasher.update(bytes.flip());
    }
    return Digest.finish(hasher);
  }
}
