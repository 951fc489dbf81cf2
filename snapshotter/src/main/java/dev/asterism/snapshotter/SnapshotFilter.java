package dev.asterism.snapshotter;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/// Which snapshots a List asks for, in containerd's filter language.
///
/// A filter is selectors joined by commas, and all of them must hold; of several filters one must.
/// A selector is a field (`name`, `parent`, `kind`, `labels.<key>`) and `==`, `!=` or `~=` (a
/// regular expression found anywhere) with a value, or a field alone: it is there. Keys and values
/// may stand in double quotes, with Go's escapes. Immutable.
final class SnapshotFilter {
  private final List<Predicate<Snapshot>> alternatives;

  private SnapshotFilter(List<Predicate<Snapshot>> alternatives) {
    this.alternatives = List.copyOf(alternatives);
  }

  /// Reads filters.
  ///
  /// @throws SnapshotException if one of them is not in the language: INVALID_ARGUMENT
  static SnapshotFilter parse(List<String> filters) throws SnapshotException {
    Predicate<Snapshot> everything = _ -> true;
    List<Predicate<Snapshot>> alternatives = new ArrayList<>();
    for (String filter : filters) {
      alternatives.add(filter.isEmpty() ? everything : new FilterParser(filter).parse());
    }
    return new SnapshotFilter(filters.isEmpty() ? List.of(everything) : alternatives);
  }

  /// Tells whether `snapshot` is asked for.
  boolean matches(Snapshot snapshot) {
    return alternatives.stream().anyMatch(filter -> filter.test(snapshot));
  }

  /// How a selector compares.
  sealed interface Operator {
    record Present() implements Operator {}

    record Equal(String value) implements Operator {}

    record NotEqual(String value) implements Operator {}

    record Matches(Pattern pattern) implements Operator {}
  }

  /// One comparison.
  ///
  /// @param path the field, its parts as they were between the dots
  record Selector(List<String> path, Operator operator) implements Predicate<Snapshot> {
    @Override
    public boolean test(Snapshot snapshot) {
      Optional<String> field = field(snapshot);
      return switch (operator) {
        case Operator.Present() -> field.isPresent();
        case Operator.Equal(String value) -> field.equals(Optional.of(value));
        case Operator.NotEqual(String value) -> !field.equals(Optional.of(value));
        case Operator.Matches(Pattern pattern) ->
            field.isPresent() && pattern.matcher(field.get()).find();
      };
    }

    private Optional<String> field(Snapshot snapshot) {
      return switch (path.getFirst()) {
        case "name" -> Optional.of(snapshot.name());
        case "parent" -> Optional.of(snapshot.parent());
        case "kind" -> Optional.of(snapshot.kind().word());
        case "labels" ->
            Optional.ofNullable(
                snapshot.labels().get(String.join(".", path.subList(1, path.size()))));
        default -> Optional.empty();
      };
    }
  }
}
