package dev.asterism.erofs;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The different sets of extended attributes in a tree, numbered; most files share a few. Number 0
/// is the empty set. Confined to one thread while it grows.
final class XattrSets {
  static final int NONE = 0;

  private final List<List<Xattr>> sets = new ArrayList<>();
  private final Map<List<Xattr>, Integer> numbers = new HashMap<>();

  XattrSets() {
    intern(List.of());
  }

  /// Returns the number of a set.
  ///
  /// @param sorted without duplicate names
  int intern(List<Xattr> sorted) {
    Integer known = numbers.get(sorted);
    if (known != null) {
      return known;
    }
    List<Xattr> set = List.copyOf(sorted);
    numbers.put(set, sets.size());
    sets.add(set);
    return sets.size() - 1;
  }

  /// Returns the set, sorted.
  List<Xattr> get(int number) {
    return sets.get(number);
  }

  int size() {
    return sets.size();
  }
}
