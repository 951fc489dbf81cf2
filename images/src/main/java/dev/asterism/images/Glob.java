package dev.asterism.images;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// A pattern of paths, as `ctr-remote image optimize --prefetch-list` takes them: `*` and `?` stand
/// for what has no slash, `[a-z]` and `[!a-z]` for one character, `**` between slashes for any
/// number of directories, `{a,b}` for either; `\` takes the meaning of what follows it.
///
/// @param text as it was given
/// @param pattern what a path matches as a whole
record Glob(String text, Pattern pattern) {
  private static final String MAGIC = "*?[{\\";

  /// Tells whether a name is a pattern.
  static boolean isOne(String name) {
    return name.chars().anyMatch(c -> MAGIC.indexOf(c) >= 0);
  }

  /// Reads one.
  ///
  /// @param text relative to the root, with or without a slash before it
  /// @throws IllegalArgumentException if a bracket is not closed
  static Glob parse(String text) {
    try {
      return new Glob(text, Pattern.compile(new Translation(text).regex(), Pattern.DOTALL));
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException("not a pattern: '%s'".formatted(text), e);
    }
  }

  /// Tells whether a path, relative and without a slash at either end, matches.
  boolean matches(String path) {
    return pattern.matcher(path).matches();
  }

  private static final class Translation {
    private final String glob;
    private final StringBuilder regex = new StringBuilder();
    private int at;
    private int open; // braces

    private Translation(String text) {
      glob = text.startsWith("/") ? text.substring(1) : text;
    }

    private String regex() {
      while (at < glob.length()) {
        char c = glob.charAt(at++);
        switch (c) {
          case '*' -> star();
          case '?' -> regex.append("[^/]");
          case '[' -> characters();
          case '{' -> {
            open++;
            regex.append("(?:");
          }
          case '}' -> {
            open--;
            regex.append(')');
          }
          case ',' -> regex.append(open > 0 ? "|" : ",");
          case '\\' -> literal(at < glob.length() ? glob.charAt(at++) : '\\');
          default -> literal(c);
        }
      }
      return regex.toString();
    }

    private void literal(char c) {
      regex.append(Pattern.quote(Character.toString(c)));
    }

    /// Two stars are directories only where they stand alone between slashes.
    private void star() {
      boolean begins = at == 1 || glob.charAt(at - 2) == '/';
      if (!begins || !glob.startsWith("*", at)) {
        regex.append("[^/]*");
      } else if (glob.startsWith("*/", at)) {
        at += 2;
        regex.append("(?:[^/]+/)*");
      } else if (at + 1 == glob.length()) {
        at++;
        regex.append(".*");
      } else {
        regex.append("[^/]*");
      }
    }

    private void characters() {
      int end = glob.indexOf(']', at + 1);
      if (end < 0) {
        throw new IllegalArgumentException("not a pattern, '[' without ']': '%s'".formatted(glob));
      }
      String inside = glob.substring(at, end);
      boolean not = inside.startsWith("!") || inside.startsWith("^");
      String set = (not ? inside.substring(1) : inside).replaceAll("([\\\\\\[&^])", "\\\\$1");
      regex.append("(?!/)[").append(not ? "^" : "").append(set).append(']');
      at = end + 1;
    }
  }
}
