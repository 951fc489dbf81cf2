package dev.asterism.cli.cache;

import java.util.ArrayList;
import java.util.List;

/// Rows in columns as wide as their widest cell. Confined to one thread.
public final class TextTable {
  private static final String GAP = "  ";

  private final List<List<String>> rows = new ArrayList<>();
  private final String sides;

  /// @param sides for each column `l` if its cells stand to the left (text), `r` to the right
  ///   (numbers)
  public TextTable(String sides, String... heading) {
    this.sides = sides;
    rows.add(List.of(heading));
  }

  /// Adds a row with as many cells as the heading has.
  public void add(String... cells) {
    if (cells.length != rows.getFirst().size()) {
      throw new IllegalArgumentException("%d cells".formatted(cells.length));
    }
    rows.add(List.of(cells));
  }

  /// Returns all lines, a line break at the end of each.
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < row.size(); column++) {
        line.append(column == 0 ? "" : GAP).append(pad(row.get(column), column));
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  private String pad(String cell, int column) {
    int width = rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
    String space = " ".repeat(width - cell.length());
    return sides.charAt(column) == 'l' ? cell + space : space + cell;
  }
}
