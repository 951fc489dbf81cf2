package dev.asterism.cli.cache;

import dev.asterism.cache.report.SharedBy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The columns of the picture: one for each combination of holders, as wide as what they have in
/// common. Immutable.
///
/// Those that many hold stand to the left, what only one has to the right, in the order of the
/// holders: so the right side is a staircase. What no holder has comes last. Combinations that are
/// too small to be seen are drawn as one column.
///
/// @param columns from left to right
/// @param total bytes on the disk, of all columns
record MapColumns(List<Column> columns, long total) {
  private static final double SMALLEST = 0.004; // of the whole: three pixels

  MapColumns {
    columns = List.copyOf(columns);
  }

  /// One column. Immutable.
  ///
  /// @param count how many hold it; 0 for what nobody does, -1 for the small ones together
  /// @param stored bytes on the disk
  /// @param parts its combinations: one, or the small ones
  record Column(int count, long stored, List<SharedBy> parts) {
    static final int SMALL = -1;

    Column {
      parts = List.copyOf(parts);
    }

    /// Returns the bytes of it that a holder has: all or nothing, but of the small ones.
    long of(int holder) {
      return parts.stream()
          .filter(part -> part.holders().contains(holder))
          .mapToLong(part -> part.amount().stored())
          .sum();
    }
  }

  static MapColumns of(Sharing sharing) {
    long total = sharing.groups().stream().mapToLong(group -> group.amount().stored()).sum();
    List<SharedBy> small = new ArrayList<>();
    List<Column> columns = new ArrayList<>();
    for (SharedBy group : sharing.groups()) {
      if (group.amount().stored() >= total * SMALLEST) {
        columns.add(column(group));
      } else if (group.amount().stored() > 0) {
        small.add(group);
      }
    }
    columns.sort(ORDER);
    if (!small.isEmpty()) {
      columns.add(
          indexOfUnused(columns),
          new Column(
              Column.SMALL, small.stream().mapToLong(part -> part.amount().stored()).sum(), small));
    }
    return new MapColumns(columns, total);
  }

  private static Column column(SharedBy group) {
    return new Column(group.holders().size(), group.amount().stored(), List.of(group));
  }

  private static int indexOfUnused(List<Column> columns) {
    return !columns.isEmpty() && columns.getLast().count() == 0
        ? columns.size() - 1
        : columns.size();
  }

  /// Many holders first, nobody last; among equals as their holders are listed.
  private static final Comparator<Column> ORDER =
      Comparator.comparingInt((Column column) -> -column.count())
          .thenComparing(column -> column.parts().getFirst().holders(), MapColumns::compare);

  private static int compare(List<Integer> one, List<Integer> other) {
    for (int i = 0; i < Math.min(one.size(), other.size()); i++) {
      int order = Integer.compare(one.get(i), other.get(i));
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(one.size(), other.size());
  }
}
