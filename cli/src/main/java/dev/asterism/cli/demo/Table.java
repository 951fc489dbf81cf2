package dev.asterism.cli.demo;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Figures side by side: what is measured, overlayfs, Asterism, and their ratio.
final class Table {
  private static final String ROW = "%-38s %12s %12s %8s";

  private final List<String> lines = new ArrayList<>();

  Table() {
    lines.add(ROW.formatted("", "overlayfs", "Asterism", "ratio").stripTrailing());
  }

  void heading(String text) {
    lines.add(text);
  }

  void time(String what, Duration overlayfs, Duration asterism) {
    row(what, seconds(overlayfs), seconds(asterism), ratio(asterism.toNanos(), overlayfs.toNanos()));
  }

  void bytes(String what, long overlayfs, long asterism) {
    row(what, megabytes(overlayfs), megabytes(asterism), ratio(asterism, overlayfs));
  }

  void count(String what, long overlayfs, long asterism) {
    row(what, Long.toString(overlayfs), Long.toString(asterism), "");
  }

  /// Returns bytes in millions.
  static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }

  private static String seconds(Duration time) {
    return String.format(Locale.ROOT, "%.2f s", time.toNanos() / 1e9);
  }

  private static String ratio(long part, long whole) {
    return whole == 0 ? "" : String.format(Locale.ROOT, "%.2f", (double) part / whole);
  }

  private void row(String what, String overlayfs, String asterism, String ratio) {
    lines.add(ROW.formatted("  " + what, overlayfs, asterism, ratio).stripTrailing());
  }

  /// Returns all of it, a line break at its end.
  @Override
  public String toString() {
    return String.join("\n", lines) + "\n";
  }
}
