package dev.asterism.cli.cache;

import dev.asterism.cli.cache.MapColumns.Column;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The picture of a store: which images share what, as one SVG without scripts or outside parts.
///
/// The width is the disk: every byte has one place from left to right. A row is an image, filled
/// where it has what lies there. So what stands below each other is the same bytes, stored once;
/// what is filled in one row only goes with that image. The same store gives the same picture.
/// Confined to one thread.
public final class SharingMap {
  private static final int WIDTH = 1200;
  private static final int LEFT = 250; // where the bars begin; names to the left
  private static final int RIGHT = 1050; // where they end; figures to the right
  private static final int ROW = 30;
  private static final int GAP = 6;
  private static final int ROWS_SHOWN = 60;
  private static final int NAME_LENGTH = 30; // characters
  private static final double CHARACTER = 6.5; // pixels of a digit at the size of the labels

  private final Sharing sharing;
  private final MapColumns map;
  private final List<Holding> rows;
  private final String registry;
  private final StringBuilder svg = new StringBuilder();

  private SharingMap(Sharing sharing) {
    this.sharing = sharing;
    map = MapColumns.of(sharing);
    rows = sharing.holdings().subList(0, Math.min(ROWS_SHOWN, sharing.holdings().size()));
    registry = commonRegistry(rows);
  }

  /// Draws what holders share.
  public static String svg(Sharing sharing) {
    return new SharingMap(sharing).draw();
  }

  private String draw() {
    int top = 190;
    int bottom = top + rows.size() * (ROW + GAP);
    int height = bottom + 100;
    svg.append(
        SvgStyle.HEAD.formatted(WIDTH, height, WIDTH, height, escape(headline()), WIDTH, height));
    drawSummary();
    drawBrackets(top);
    for (int i = 0; i < rows.size(); i++) {
      drawRow(i, top + i * (ROW + GAP));
    }
    drawLegend(bottom + 16);
    return svg.append("</svg>\n").toString();
  }

  // --- the summary: two bars to one scale

  private long apart() {
    return sharing.holdings().stream().mapToLong(holding -> holding.content().stored()).sum();
  }

  private long shared() {
    return map.total() - unused();
  }

  private long unused() {
    return sharing.groups().stream()
        .filter(group -> group.holders().isEmpty())
        .mapToLong(group -> group.amount().stored())
        .sum();
  }

  private String headline() {
    long apart = apart();
    return "%s share %s of disk; apart they would take %s"
        .formatted(holders(sharing.holdings().size()), ByteText.of(shared()), ByteText.of(apart));
  }

  private String holders(int count) {
    boolean imagesOnly =
        sharing.holdings().stream()
            .allMatch(holding -> holding.holder().kind() == Holder.Kind.IMAGE);
    return "%d %s%s".formatted(count, imagesOnly ? "image" : "holder", count == 1 ? "" : "s");
  }

  private void drawSummary() {
    text("title", 24, 40, "start", headline());
    String where = registry.isEmpty() ? "" : "All from %s. ".formatted(registry);
    text(
        "note",
        24,
        62,
        "start",
        where
            + "Left to right is the disk: what is filled below each other is the same bytes, stored"
            + " once.");
    long apart = Math.max(1, apart());
    summaryBar(82, "each image apart", apart, apart, "apart");
    summaryBar(104, "in this store", shared(), apart, "all");
  }

  private void summaryBar(int y, String what, long bytes, long whole, String style) {
    double width = (RIGHT - LEFT) * (double) bytes / whole;
    text("name", LEFT - 12, y + 12, "end", what);
    rect(style, LEFT, y, width, 16, what + ": " + ByteText.of(bytes));
    text("size", LEFT + width + 8, y + 12, "start", ByteText.of(bytes));
  }

  // --- the rows

  private double x(long before) {
    return LEFT + (RIGHT - LEFT) * (double) before / Math.max(1, map.total());
  }

  /// Draws over the columns how many hold what lies below.
  private void drawBrackets(int top) {
    text("head", RIGHT + 12, top - 14, "start", "removing frees");
    List<Column> columns = map.columns();
    long before = 0;
    for (int i = 0; i < columns.size(); ) {
      int count = columns.get(i).count();
      long sum = 0;
      for (; i < columns.size() && columns.get(i).count() == count; i++) {
        sum += columns.get(i).stored();
      }
      drawBracket(count, before, sum, top);
      before += sum;
    }
  }

  private void drawBracket(int count, long before, long sum, int top) {
    double from = x(before) + 1;
    double to = x(before + sum) - 1;
    line("bracket", from, top - 8, to, top - 8);
    String size = ByteText.of(sum);
    String who = who(count);
    double middle = (from + to) / 2;
    if (fits(who, to - from)) {
      text("head", middle, top - 30, "middle", who);
    }
    if (fits(size, to - from)) {
      text("size", middle, top - 15, "middle", size);
    }
  }

  private String who(int count) {
    if (count == Column.SMALL) {
      return "small parts";
    } else if (count == 0) {
      return "unused";
    } else if (count == 1) {
      return "in one only";
    }
    return count == sharing.holdings().size() ? "in all " + count : "in " + count;
  }

  private void drawRow(int number, int y) {
    Holding holding = rows.get(number);
    rect("track", LEFT, y, RIGHT - LEFT, ROW, "");
    String name = name(holding);
    text("name", LEFT - 12, y + 13, "end", shortened(name));
    text("note", LEFT - 12, y + 27, "end", ByteText.of(holding.content().stored()));
    long before = 0;
    for (Column column : map.columns()) {
      drawCell(column, number, before, y);
      before += column.stored();
    }
    text("frees", RIGHT + 12, y + 20, "start", ByteText.of(holding.frees()));
  }

  private void drawCell(Column column, int number, long before, int y) {
    long bytes = column.of(number);
    if (bytes == 0) {
      return;
    }
    double from = x(before);
    double width = Math.max(1, x(before + bytes) - from - 1);
    String size = ByteText.of(bytes);
    String others = column.count() == 1 ? "only here" : who(column.count());
    rect(
        style(column),
        from,
        y,
        width,
        ROW,
        "%s: %s, %s".formatted(name(rows.get(number)), size, others));
    if (fits(size, width)) {
      text("on-" + style(column), from + width / 2, y + 20, "middle", size);
    }
  }

  private String style(Column column) {
    int all = sharing.holdings().size();
    if (column.count() == Column.SMALL) {
      return "small";
    } else if (column.count() == 1) {
      return "one";
    }
    return column.count() == all ? "all" : column.count() * 2 > all ? "many" : "few";
  }

  // --- the legend

  private void drawLegend(int y) {
    List<String[]> entries = new ArrayList<>();
    entries.add(new String[] {"all", "in every image"});
    entries.add(new String[] {"many", "in more than half"});
    entries.add(new String[] {"few", "in several"});
    entries.add(new String[] {"one", "only here: goes with the image"});
    if (map.columns().stream().anyMatch(column -> column.count() == Column.SMALL)) {
      entries.add(new String[] {"small", "too small to draw apart"});
    }
    double x = LEFT;
    for (String[] entry : entries) {
      rect(entry[0], x, y, 14, 14, "");
      text("note", x + 20, y + 11, "start", entry[1]);
      x += 20 + entry[1].length() * CHARACTER * 0.95 + 26;
    }
    String more =
        sharing.holdings().size() > rows.size()
            ? " %d more are not drawn.".formatted(sharing.holdings().size() - rows.size())
            : "";
    text(
        "note",
        LEFT,
        y + 40,
        "start",
        "“Removing frees” adds the image's own names and compiled metadata to what only it has;"
            + " exact once the store is cleaned."
            + more);
  }

  // --- names

  private String name(Holding holding) {
    String name = holding.holder().name();
    return switch (holding.holder().kind()) {
      case IMAGE -> registry.isEmpty() ? name : name.substring(registry.length() + 1);
      case LAYER -> "layer " + name.substring(name.indexOf(':') + 1).substring(0, 12);
    };
  }

  private static String commonRegistry(List<Holding> rows) {
    List<String> hosts =
        rows.stream()
            .filter(holding -> holding.holder().kind() == Holder.Kind.IMAGE)
            .map(holding -> holding.holder().name())
            .map(name -> name.contains("/") ? name.substring(0, name.indexOf('/')) : "")
            .distinct()
            .toList();
    return hosts.size() == 1 ? hosts.getFirst() : "";
  }

  /// Keeps the end of a name, which tells versions apart.
  private static String shortened(String name) {
    return name.length() <= NAME_LENGTH
        ? name
        : "…" + name.substring(name.length() - NAME_LENGTH + 1);
  }

  // --- SVG

  private static boolean fits(String text, double width) {
    return text.length() * CHARACTER + 2 <= width;
  }

  private void rect(String style, double x, double y, double width, double height, String title) {
    svg.append(
        "<rect class=\"%s\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"2\"%s\n"
            .formatted(
                style,
                number(x),
                number(y),
                number(width),
                number(height),
                title.isEmpty() ? "/>" : "><title>%s</title></rect>".formatted(escape(title))));
  }

  private void line(String style, double x1, double y1, double x2, double y2) {
    svg.append(
        "<line class=\"%s\" x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\"/>\n"
            .formatted(style, number(x1), number(y1), number(x2), number(y2)));
  }

  private void text(String style, double x, double y, String anchor, String text) {
    svg.append(
        "<text class=\"%s\" x=\"%s\" y=\"%s\" text-anchor=\"%s\">%s</text>\n"
            .formatted(style, number(x), number(y), anchor, escape(text)));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  /// Names come from outside: what XML does not allow is left out.
  private static String escape(String text) {
    StringBuilder escaped = new StringBuilder();
    text.codePoints()
        .forEach(c -> {
          switch (c) {
            case '&' -> escaped.append("&amp;");
            case '<' -> escaped.append("&lt;");
            case '>' -> escaped.append("&gt;");
            case '"' -> escaped.append("&quot;");
            default -> {
              if (c >= 0x20 && c != 0xFFFE && c != 0xFFFF && !(c >= 0xD800 && c <= 0xDFFF)) {
                escaped.appendCodePoint(c);
              }
            }
          }
        });
    return escaped.toString();
  }
}
