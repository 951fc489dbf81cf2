package dev.asterism.cache.report;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// Sets of holders, each kept once and named by a number: a file costs four bytes however many
/// layers hold it.
///
/// A set is a path in a tree: a smaller set and one holder more, added in ascending order. There
/// are as many as there are different combinations, not as many as files. Confined to one thread.
final class HolderSets {
  /// The empty set.
  static final int NOBODY = 0;

  private final Map<Long, Integer> known = new HashMap<>();
  private int[] rest = new int[64];
  private int[] last = new int[64];
  private int count = 1;

  HolderSets() {
    last[NOBODY] = -1;
  }

  /// Returns the set with a holder more.
  ///
  /// @param holder not below any that the set has; the set itself if it has it
  int with(int set, int holder) {
    if (last[set] == holder) {
      return set;
    }
    if (last[set] > holder) {
      throw new IllegalArgumentException("holder %d after %d".formatted(holder, last[set]));
    }
    return known.computeIfAbsent((long) set << 32 | holder, _ -> add(set, holder));
  }

  private int add(int set, int holder) {
    if (count == rest.length) {
      rest = Arrays.copyOf(rest, 2 * count);
      last = Arrays.copyOf(last, 2 * count);
    }
    rest[count] = set;
    last[count] = holder;
    return count++;
  }

  /// Returns how many sets there are; they are numbered from 0.
  int count() {
    return count;
  }

  /// Returns the holders of a set, ascending.
  int[] holders(int set) {
    int length = 0;
    for (int at = set; at != NOBODY; at = rest[at]) {
      length++;
    }
    int[] holders = new int[length];
    for (int at = set; at != NOBODY; at = rest[at]) {
      holders[--length] = last[at];
    }
    return holders;
  }
}
