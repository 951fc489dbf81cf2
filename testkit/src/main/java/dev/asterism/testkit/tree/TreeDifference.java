package dev.asterism.testkit.tree;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/// How one tree differs from what it should be. Immutable.
///
/// @param lines one for every differing attribute of every file, in the order of names; empty when
///   the trees are the same
public record TreeDifference(List<String> lines) {
  private static final int SHOWN = 40; // lines of a message: the rest tells no more

  /// Copies the list.
  public TreeDifference {
    lines = List.copyOf(lines);
  }

  static TreeDifference between(TreeListing expected, TreeListing actual) {
    SortedSet<String> names = new TreeSet<>(expected.entries().keySet());
    names.addAll(actual.entries().keySet());
    List<String> lines = new ArrayList<>();
    for (String name : names) {
      TreeEntry should = expected.entries().get(name);
      TreeEntry is = actual.entries().get(name);
      if (should == null) {
        lines.add(readable(name) + ": should not be there");
      } else if (is == null) {
        lines.add(readable(name) + ": missing");
      } else {
        compare(name, should, is, lines);
      }
    }
    return new TreeDifference(lines);
  }

  /// Tells whether the trees are the same.
  public boolean isEmpty() {
    return lines.isEmpty();
  }

  private static void compare(
      String name, TreeEntry expected, TreeEntry actual, List<String> lines) {
    Attributes should = new Attributes(expected);
    Attributes does = new Attributes(actual);
    for (Map.Entry<String, String> attribute : should.text().entrySet()) {
      String is = does.text().getOrDefault(attribute.getKey(), "none");
      if (!is.equals(attribute.getValue())) {
        lines.add(
            "%s: %s is %s, should be %s"
                .formatted(
                    readable(name),
                    attribute.getKey(),
                    readable(is),
                    readable(attribute.getValue())));
      }
    }
    for (Map.Entry<String, String> attribute : does.text().entrySet()) {
      if (!should.text().containsKey(attribute.getKey())) {
        lines.add(
            "%s: %s is %s, should not be there"
                .formatted(readable(name), attribute.getKey(), attribute.getValue()));
      }
    }
  }

  /// Shows bytes as UTF-8, control characters as numbers, the root as `.`.
  private static String readable(String bytes) {
    if (bytes.isEmpty()) {
      return ".";
    }
    String text = new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    StringBuilder shown = new StringBuilder();
    text.codePoints()
        .forEach(c -> {
          if (Character.isISOControl(c)) {
            shown.append("\\x%02x".formatted(c));
          } else {
            shown.appendCodePoint(c);
          }
        });
    return shown.length() > 300 ? shown.substring(0, 300) + "…" : shown.toString();
  }

  /// Returns the first lines and how many there are.
  @Override
  public String toString() {
    String first = String.join("\n", lines.subList(0, Math.min(SHOWN, lines.size())));
    return lines.size() <= SHOWN
        ? first
        : "%s\n… and %d more differences".formatted(first, lines.size() - SHOWN);
  }
}
