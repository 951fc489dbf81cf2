package dev.asterism.bench.store;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/// What has been measured of the store, or of the daemon, as a table in markdown. Confined to one
/// thread.
///
/// Every row is a ratio to something measured in the same run, or a plain number where the target
/// is one.
public final class StoreFigures {
  private final List<Row> rows = new ArrayList<>();
  private final PrintStream progress;

  /// @param progress told of each row in a line
  public StoreFigures(PrintStream progress) {
    this.progress = progress;
  }

  /// A line of the table. Immutable.
  ///
  /// @param measured the figure itself, with its unit
  /// @param beside what it is compared with, and how much that is; empty for a plain number
  /// @param score what counts: less is better
  /// @param target what to reach at most
  private record Row(
      String measure, String measured, String beside, double score, double target, String unit) {
    boolean reached() {
      return score <= target;
    }

    List<String> cells() {
      return List.of(
          measure,
          measured,
          beside,
          number(score) + unit,
          "≤ " + number(target) + unit,
          reached() ? "yes" : "no");
    }
  }

  /// Adds a figure that counts by its ratio to another one.
  ///
  /// @param name what the other one is
  void ratio(String measure, Time measured, String name, Time beside, double target) {
    add(
        new Row(
            measure,
            measured.toString(),
            name + ": " + beside,
            measured.nanos() / beside.nanos(),
            target,
            ""));
  }

  /// Adds a figure that counts by itself.
  ///
  /// @param measured the figure in words
  /// @param beside what it has to do with; may be empty
  /// @param unit with a blank before it, or empty
  public void number(
      String measure, String measured, String beside, double score, double target, String unit) {
    add(new Row(measure, measured, beside, score, target, unit));
  }

  private void add(Row row) {
    rows.add(row);
    progress.println(String.join(" | ", row.cells()));
  }

  /// Tells whether every target was reached.
  public boolean allReached() {
    return rows.stream().allMatch(Row::reached);
  }

  /// Returns the table, a line for each row in the order they were added.
  public String table() {
    StringBuilder text =
        new StringBuilder(
            line(List.of("measure", "measured", "beside it", "counts", "to reach", "reached")));
    text.append("| --- | --- | --- | --- | --- | --- |\n");
    rows.forEach(row -> text.append(line(row.cells())));
    return text.toString();
  }

  private static String line(List<String> cells) {
    StringJoiner line = new StringJoiner(" | ", "| ", " |\n");
    cells.forEach(line::add);
    return line.toString();
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value >= 20 ? "%.0f" : "%.2f", value);
  }
}
