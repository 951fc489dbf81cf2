package dev.asterism.erofs;

import dev.asterism.content.MalformedLayerException;
import java.util.Arrays;
import java.util.SplittableRandom;

/// Finds a name of a directory: open addressing over the numbers of names. Confined to one thread.
///
/// The hash is keyed by a random number of this index, so that no layer can choose names that
/// collide; nothing that is written depends on it.
final class NameIndex {
  static final int ABSENT = -1;

  private static final long ODD = 0x9E3779B97F4A7C15L;

  private final TreeColumns columns;
  private final long seed = new SplittableRandom().nextLong();
  private int[] table = new int[1 << 8];
  private int used;

  NameIndex(TreeColumns columns) {
    this.columns = columns;
    Arrays.fill(table, ABSENT);
  }

  /// Returns the number of the name, or [#ABSENT].
  int find(int parent, byte[] from, int start, int end) {
    return table[slot(parent, from, start, end)];
  }

  /// Adds a name that is absent and returns its number.
  int add(int parent, byte[] from, int start, int end, int inode) throws MalformedLayerException {
    if (used * 3L >= table.length * 2L) {
      grow();
    }
    int name = columns.addName(parent, from, start, end, inode);
    table[slot(parent, from, start, end)] = name;
    used++;
    return name;
  }

  private int slot(int parent, byte[] from, int start, int end) {
    int mask = table.length - 1;
    int slot = (int) hash(parent, from, start, end) & mask;
    while (table[slot] != ABSENT && !isNamed(table[slot], parent, from, start, end)) {
      slot = slot + 1 & mask;
    }
    return slot;
  }

  private boolean isNamed(int name, int parent, byte[] from, int start, int end) {
    return columns.parent(name) == parent
        && columns.arena.equals(columns.bytesOf(name), from, start, end);
  }

  private void grow() {
    int[] old = table;
    table = new int[old.length * 2];
    Arrays.fill(table, ABSENT);
    for (int name : old) {
      if (name != ABSENT) {
        int ref = columns.bytesOf(name);
        int start = columns.arena.start(ref);
        int end = start + columns.arena.length(ref);
        table[slot(columns.parent(name), columns.arena.page(ref), start, end)] = name;
      }
    }
  }

  private long hash(int parent, byte[] from, int start, int end) {
    long hash = mix(seed + parent, ODD);
    for (int i = start; i < end; i++) {
      hash = mix(hash ^ from[i], seed | 1);
    }
    return mix(hash, ODD);
  }

  private static long mix(long a, long b) {
    return a * b ^ Math.unsignedMultiplyHigh(a, b);
  }
}
