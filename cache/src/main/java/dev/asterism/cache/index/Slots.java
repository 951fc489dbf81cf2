package dev.asterism.cache.index;

import java.util.function.IntToLongFunction;

/// An open-addressing hash table of numbers: which record may have a hash. Confined to who locks
/// it.
///
/// The records are the caller's, who compares them; a number stands in 4 bytes, and 5 to 8 are
/// taken. Linear probing, by the upper bits of the hash, so that growth keeps the order; removal
/// moves what follows back instead of leaving marks.
///
/// ```
/// for (int slot = slots.home(hash); slots.at(slot) != Slots.NONE; slot = slots.next(slot)) …
/// ```
final class Slots {
  /// No record.
  static final int NONE = -1;

  private static final int SMALLEST = 8;

  private int[] table = new int[SMALLEST]; // number + 1; 0 where there is none
  private int used;

  /// Returns the slot at which a search starts.
  int home(long hash) {
    return home(hash, table.length);
  }

  private static int home(long hash, int capacity) {
    return (int) (((hash >>> 32) * capacity) >>> 32);
  }

  int at(int slot) {
    return table[slot] - 1;
  }

  int next(int slot) {
    return slot + 1 == table.length ? 0 : slot + 1;
  }

  /// Lets a number be found, which was not.
  ///
  /// @param hashOf hash of every number that is in the table
  void add(long hash, int number, IntToLongFunction hashOf) {
    if ((used + 1) * 5L > table.length * 4L) {
      grow(hashOf);
    }
    put(table, hash, number + 1);
    used++;
  }

  /// Lets a number be found no more.
  void remove(long hash, int number, IntToLongFunction hashOf) {
    int slot = home(hash);
    while (table[slot] != number + 1) {
      if (table[slot] == 0) {
        return;
      }
      slot = next(slot);
    }
    used--;
    int hole = slot;
    for (int from = next(hole); table[from] != 0; from = next(from)) {
      int home = home(hashOf.applyAsLong(table[from] - 1));
      // What lies between its home and where it stands, the hole excluded, may not move over it.
      boolean passesHole = hole <= from ? home <= hole || home > from : home <= hole && home > from;
      if (passesHole) {
        table[hole] = table[from];
        hole = from;
      }
    }
    table[hole] = 0;
  }

  int size() {
    return used;
  }

  long bytes() {
    return 4L * table.length;
  }

  private void grow(IntToLongFunction hashOf) {
    int[] larger = new int[table.length + (table.length >> 1)];
    for (int entry : table) {
      if (entry != 0) {
        put(larger, hashOf.applyAsLong(entry - 1), entry);
      }
    }
    table = larger;
  }

  private static void put(int[] into, long hash, int entry) {
    int slot = home(hash, into.length);
    while (into[slot] != 0) {
      slot = slot + 1 == into.length ? 0 : slot + 1;
    }
    into[slot] = entry;
  }
}
