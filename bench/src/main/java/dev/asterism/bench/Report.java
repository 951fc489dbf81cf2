package dev.asterism.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.StringJoiner;

/// The figures as a table in markdown.
///
/// A cell is the median and, where overlayfs is the yardstick, its ratio to overlayfs in
/// parentheses.
final class Report {
  private final Figures figures;
  private final List<String> snapshotters;

  /// @param snapshotters a column each, in this order
  Report(Figures figures, List<Snapshotter> snapshotters) {
    this.figures = figures;
    this.snapshotters = snapshotters.stream().map(Snapshotter::name).toList();
  }

  /// Returns the table, a line for each row.
  String table() {
    List<String> head = new ArrayList<>(List.of("measure", "image"));
    head.addAll(snapshotters);
    head.addAll(List.of("to reach", "reached"));
    StringBuilder text = new StringBuilder(line(head));
    text.append(line(head.stream().map(_ -> "---").toList()));
    for (Figures.Row row : figures.rows()) {
      text.append(line(cells(row)));
    }
    return text.toString();
  }

  private static String line(List<String> cells) {
    StringJoiner line = new StringJoiner(" | ", "| ", " |\n");
    cells.forEach(line::add);
    return line.toString();
  }

  private List<String> cells(Figures.Row row) {
    List<String> cells = new ArrayList<>(List.of(row.measure().title(), row.image()));
    snapshotters.forEach(name -> cells.add(cell(row, name)));
    cells.add(target(row.measure()));
    cells.add(reached(row));
    return cells;
  }

  private String cell(Figures.Row row, String snapshotter) {
    OptionalDouble median = figures.median(row, snapshotter);
    if (median.isEmpty()) {
      return "–";
    }
    String value = row.measure().unit().write(median.getAsDouble());
    OptionalDouble score = figures.score(row, snapshotter);
    boolean isRatio =
        row.measure().isAgainstYardstick()
            && score.isPresent()
            && !snapshotter.equals(Snapshotter.YARDSTICK.name());
    return isRatio ? "%s (%s)".formatted(value, ratio(score.getAsDouble())) : value;
  }

  private static String ratio(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  private static String target(Measure measure) {
    if (measure.target().isEmpty()) {
      return "";
    }
    double target = measure.target().getAsDouble();
    return "≤ " + (measure.isAgainstYardstick() ? ratio(target) : measure.unit().write(target));
  }

  private String reached(Figures.Row row) {
    OptionalDouble target = row.measure().target();
    OptionalDouble score = figures.score(row, Main.SUBJECT);
    if (target.isEmpty() || score.isEmpty()) {
      return "";
    }
    return score.getAsDouble() <= target.getAsDouble() ? "yes" : "no";
  }
}
