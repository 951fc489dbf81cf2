package dev.asterism.erofs;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The attributes that several files have, kept once in an area of their own: where each lies.
///
/// An entry's number is its offset in that area in units of 4 bytes. Immutable after [#of].
final class SharedXattrs {
  private final Map<Xattr, Integer> numbers = new HashMap<>();
  private final List<Xattr> inOrder = new ArrayList<>();
  private long size;

  private SharedXattrs() {}

  /// Finds what is worth sharing.
  ///
  /// @param uses how many inodes have each set
  static SharedXattrs of(XattrSets sets, int[] uses) {
    Map<Xattr, Integer> counts = new HashMap<>();
    for (int set = 0; set < sets.size(); set++) {
      for (Xattr xattr : sets.get(set)) {
        if (uses[set] > 0) {
          counts.merge(xattr, uses[set], Integer::sum);
        }
      }
    }
    SharedXattrs shared = new SharedXattrs();
    for (int set = 0; set < sets.size(); set++) {
      for (Xattr xattr : sets.get(set)) {
        if (counts.getOrDefault(xattr, 0) > 1) {
          shared.add(xattr);
        }
      }
    }
    return shared;
  }

  boolean contains(Xattr xattr) {
    return numbers.containsKey(xattr);
  }

  int number(Xattr xattr) {
    return numbers.getOrDefault(xattr, 0);
  }

  /// Returns the attributes in the order of their numbers.
  List<Xattr> inOrder() {
    return inOrder;
  }

  /// Returns the area's bytes.
  long size() {
    return size;
  }

  private void add(Xattr xattr) {
    if (numbers.putIfAbsent(xattr, (int) (size >> 2)) == null) {
      inOrder.add(xattr);
      size += xattr.encodedSize();
    }
  }
}
