package dev.asterism.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SequencedSet;

/// What has been measured. Confined to one thread.
final class Figures {
  private final Map<Row, Map<String, List<Double>>> samples = new LinkedHashMap<>();

  /// What a figure is of. Immutable.
  ///
  /// @param image its name without the tag
  record Row(Measure measure, String image) {}

  /// Adds a sample, in the measure's unit.
  void add(Row row, Snapshotter snapshotter, double value) {
    samples
        .computeIfAbsent(row, _ -> new LinkedHashMap<>())
        .computeIfAbsent(snapshotter.name(), _ -> new ArrayList<>())
        .add(value);
  }

  /// Returns what there is any sample of, by measure, then in the order of measuring.
  SequencedSet<Row> rows() {
    List<Row> rows = new ArrayList<>(samples.keySet());
    rows.sort((a, b) -> a.measure().compareTo(b.measure()));
    return new LinkedHashSet<>(rows);
  }

  /// Returns the samples in the order of measuring; empty if there is none.
  List<Double> samples(Row row, String snapshotter) {
    List<Double> found = samples.getOrDefault(row, Map.of()).getOrDefault(snapshotter, List.of());
    return Collections.unmodifiableList(found);
  }

  /// Returns the middle sample, or the mean of the two in the middle.
  OptionalDouble median(Row row, String snapshotter) {
    List<Double> sorted = samples(row, snapshotter).stream().sorted().toList();
    if (sorted.isEmpty()) {
      return OptionalDouble.empty();
    }
    int half = sorted.size() / 2;
    return OptionalDouble.of(
        sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2);
  }

  /// Returns what counts: the median's ratio to overlayfs's, or the median itself.
  OptionalDouble score(Row row, String snapshotter) {
    OptionalDouble mine = median(row, snapshotter);
    if (!row.measure().isAgainstYardstick() || mine.isEmpty()) {
      return mine;
    }
    OptionalDouble theirs = median(row, Snapshotter.YARDSTICK.name());
    return theirs.isPresent()
        ? OptionalDouble.of(mine.getAsDouble() / theirs.getAsDouble())
        : OptionalDouble.empty();
  }
}
