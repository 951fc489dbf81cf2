package dev.asterism.snapshotter;

import dev.asterism.snapshotter.SnapshotFilter.Operator;
import dev.asterism.snapshotter.SnapshotFilter.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// Reads one filter of containerd's language:
///
/// ```
/// selectors := selector ("," selector)*
/// selector  := field ("." field)* (("==" | "!=" | "~=") value)?
/// field     := quoted | letter (letter | digit | "_")*
/// value     := quoted | everything up to a comma or white space
/// quoted    := a Go string; after "~=" also between "/" or "|"
/// ```
///
/// Confined to one thread.
final class FilterParser {
  private final String input;
  private int at;

  FilterParser(String input) {
    this.input = input;
  }

  /// Returns what must hold.
  ///
  /// @throws SnapshotException if the input is something else: INVALID_ARGUMENT
  Predicate<Snapshot> parse() throws SnapshotException {
    Predicate<Snapshot> all = selector();
    while (at < input.length()) {
      expect(",");
      all = all.and(selector());
    }
    return all;
  }

  private Selector selector() throws SnapshotException {
    List<String> path = new ArrayList<>(List.of(field()));
    while (accept(".")) {
      path.add(field());
    }
    return new Selector(List.copyOf(path), operator());
  }

  private Operator operator() throws SnapshotException {
    if (accept("==")) {
      return new Operator.Equal(value());
    }
    if (accept("!=")) {
      return new Operator.NotEqual(value());
    }
    if (accept("~=")) {
      return new Operator.Matches(pattern());
    }
    return new Operator.Present();
  }

  private String field() throws SnapshotException {
    if (peek() == '"') {
      return quoted();
    }
    int start = at;
    while (isFieldPart(peek())) {
      at++;
    }
    if (start == at) {
      throw error("a field name");
    }
    return input.substring(start, at);
  }

  private static boolean isFieldPart(char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private Pattern pattern() throws SnapshotException {
    String text = peek() == '/' || peek() == '|' ? delimited(peek()) : value();
    try {
      return Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      throw SnapshotException.invalidArgument(
          "filter %s: not a regular expression: %s".formatted(input, e.getDescription()));
    }
  }

  private String value() throws SnapshotException {
    if (peek() == '"') {
      return quoted();
    }
    int start = at;
    while (at < input.length() && peek() != ',' && !Character.isWhitespace(peek())) {
      at++;
    }
    if (start == at) {
      throw error("a value");
    }
    return input.substring(start, at);
  }

  private String delimited(char quote) throws SnapshotException {
    int end = input.indexOf(quote, at + 1);
    if (end < 0) {
      throw error("a closing " + quote);
    }
    String text = input.substring(at + 1, end);
    at = end + 1;
    return text;
  }

  private String quoted() throws SnapshotException {
    expect("\"");
    StringBuilder text = new StringBuilder();
    while (!accept("\"")) {
      if (at >= input.length()) {
        throw error("a closing quote");
      }
      if (accept("\\")) {
        text.appendCodePoint(escape());
      } else {
        text.append(input.charAt(at++));
      }
    }
    return text.toString();
  }

  // The escapes of Go's interpreted string literals (The Go Programming Language Specification).
  private int escape() throws SnapshotException {
    char c = peek();
    at++;
    return switch (c) {
      case 'a' -> 0x07;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'v' -> 0x0b;
      case '\\', '"', '\'' -> c;
      case 'x' -> digits(2);
      case 'u' -> digits(4);
      case 'U' -> digits(8);
      default -> throw error("an escape that Go knows");
    };
  }

  private int digits(int count) throws SnapshotException {
    if (at + count > input.length()) {
      throw error("%d hexadecimal digits".formatted(count));
    }
    try {
      int codePoint = Integer.parseUnsignedInt(input, at, at + count, 16);
      if (!Character.isValidCodePoint(codePoint)) {
        throw error("a Unicode code point");
      }
      at += count;
      return codePoint;
    } catch (NumberFormatException _) {
      throw error("%d hexadecimal digits".formatted(count));
    }
  }

  // NUL at the end: it is part of nothing.
  private char peek() {
    return at < input.length() ? input.charAt(at) : '\0';
  }

  private boolean accept(String token) {
    if (input.startsWith(token, at)) {
      at += token.length();
      return true;
    }
    return false;
  }

  private void expect(String token) throws SnapshotException {
    if (!accept(token)) {
      throw error(token);
    }
  }

  private SnapshotException error(String expected) {
    return SnapshotException.invalidArgument(
        "filter %s: expected %s at %d".formatted(input, expected, at));
  }
}
