package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.asterism.content.Digest;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// Which content the mounted layers list for a node: to tell, before a layer is mounted, whether it
/// claims another one.
///
/// An open-addressing hash table with 8 bytes for each content, of which up to 15 are taken: half
/// of the node's hash, and a number that leads to the object in a layer's [ChunkTable]. Searching
/// through the tables themselves would make the thousandth layer a thousand times as dear as the
/// first. A layer that is unmounted leaves a table to be made anew when it is needed next.
/// Thread-safe.
final class NodeIndex {
  private static final int SMALLEST = 1 << 10;
  private static final long LOW = 0xffff_ffffL;

  /// Hash in the upper half, number of the object plus 1 in the lower; 0 where there is none.
  @GuardedBy("this")
  private long[] slots = new long[SMALLEST];

  @GuardedBy("this")
  private int used;

  /// The tables, each by the number of its first object.
  @GuardedBy("this")
  private final TreeMap<Integer, ChunkTable> tables = new TreeMap<>();

  /// Nodes that two contents claim.
  @GuardedBy("this")
  private final Set<Long> disputed = new HashSet<>();

  @GuardedBy("this")
  private int next;

  @GuardedBy("this")
  private boolean stale;

  /// Notes what a layer lists that is mounted now.
  synchronized void add(ChunkTable table) {
    if (!stale) {
      enter(table);
    }
  }

  /// Notes that a layer was unmounted.
  synchronized void removed() {
    stale = true;
  }

  /// Tells whether a mounted layer lists another content with the node of this one.
  ///
  /// @param mounted gives the tables of all that are; asked when one was unmounted since
  synchronized boolean collides(Digest object, Supplier<Stream<ChunkTable>> mounted) {
    if (stale) {
      makeAnew(mounted.get());
    }
    long node = NodeIds.of(object);
    int slot = find(node);
    return slots[slot] != 0 && (!digestAt(slots[slot]).equals(object) || disputed.contains(node));
  }

  @GuardedBy("this")
  private void makeAnew(Stream<ChunkTable> mounted) {
    slots = new long[SMALLEST];
    used = 0;
    tables.clear();
    disputed.clear();
    next = 0;
    stale = false;
    for (ChunkTable table : mounted.toList()) {
      enter(table);
    }
  }

  @GuardedBy("this")
  private void enter(ChunkTable table) {
    if (table.objects() == 0) {
      return;
    }
    if (next + table.objects() < 0) {
      stale = true; // out of numbers: those of layers that are gone are free again then
      return;
    }
    tables.put(next, table);
    for (int index = 0; index < table.objects(); index++) {
      enter(table.node(index), table.digest(index), next + index);
    }
    next += table.objects();
  }

  @GuardedBy("this")
  private void enter(long node, Digest digest, int number) {
    int slot = find(node);
    if (slots[slot] != 0) {
      if (!digestAt(slots[slot]).equals(digest)) {
        disputed.add(node);
      }
      return;
    }
    slots[slot] = (hash(node) & ~LOW) | (number + 1L);
    used++;
    if (used * 3L > slots.length * 2L) {
      grow();
    }
  }

  /// Returns the slot of a node, or the empty one where it would be.
  @GuardedBy("this")
  private int find(long node) {
    long hash = hash(node);
    int slot = home(hash, slots.length);
    while (slots[slot] != 0 && !((slots[slot] ^ hash) >>> 32 == 0 && nodeAt(slots[slot]) == node)) {
      slot = slot + 1 == slots.length ? 0 : slot + 1;
    }
    return slot;
  }

  @GuardedBy("this")
  private void grow() {
    long[] larger = new long[slots.length + (slots.length >> 1)];
    for (long entry : slots) {
      if (entry != 0) {
        int slot = home(entry, larger.length);
        while (larger[slot] != 0) {
          slot = slot + 1 == larger.length ? 0 : slot + 1;
        }
        larger[slot] = entry;
      }
    }
    slots = larger;
  }

  /// By the upper half alone, which the entry has.
  private static int home(long hash, int capacity) {
    return (int) (((hash >>> 32) * capacity) >>> 32);
  }

  private static long hash(long node) {
    return node * 0x9E3779B97F4A7C15L; // 2^64 divided by the golden ratio
  }

  @GuardedBy("this")
  private long nodeAt(long entry) {
    int number = (int) (entry & LOW) - 1;
    Map.Entry<Integer, ChunkTable> of = tables.floorEntry(number);
    return of.getValue().node(number - of.getKey());
  }

  @GuardedBy("this")
  private Digest digestAt(long entry) {
    int number = (int) (entry & LOW) - 1;
    Map.Entry<Integer, ChunkTable> of = tables.floorEntry(number);
    return of.getValue().digest(number - of.getKey());
  }
}
