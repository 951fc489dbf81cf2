package dev.asterism.registry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// One challenge of a `WWW-Authenticate` header (RFC 9110, section 11.6.1). Immutable.
///
/// @param scheme lower case, e.g. `bearer`
/// @param parameters by lower-case name, unquoted; the first of a name counts
record Challenge(String scheme, Map<String, String> parameters) {
  Challenge {
    parameters = Map.copyOf(parameters);
  }

  /// Reads a header, which may hold several challenges. What follows a mistake is left out.
  static List<Challenge> parse(String header) {
    return new Parser(header).parse();
  }

  /// Returns a parameter, or `orElse` without it.
  String parameter(String name, String orElse) {
    return parameters.getOrDefault(name, orElse);
  }

  /// A comma separates challenges as well as parameters; a name is a parameter if `=` and a value
  /// follow it.
  private static final class Parser {
    private final String text;
    private final List<Challenge> found = new ArrayList<>();
    private int at;

    Parser(String text) {
      this.text = text;
    }

    List<Challenge> parse() {
      String scheme = "";
      Map<String, String> parameters = new HashMap<>();
      while (true) {
        skip(" \t,");
        String name = token();
        if (name.isEmpty()) {
          break;
        }
        int afterName = at;
        skip(" \t");
        if (!scheme.isEmpty() && at < text.length() && text.charAt(at) == '=') {
          at++;
          skip(" \t");
          parameters.putIfAbsent(name.toLowerCase(Locale.ROOT), value());
        } else {
          at = afterName;
          add(scheme, parameters);
          scheme = name.toLowerCase(Locale.ROOT);
          parameters.clear();
        }
      }
      add(scheme, parameters);
      return List.copyOf(found);
    }

    private void add(String scheme, Map<String, String> parameters) {
      if (!scheme.isEmpty()) {
        found.add(new Challenge(scheme, parameters));
      }
    }

    private void skip(String characters) {
      while (at < text.length() && characters.indexOf(text.charAt(at)) >= 0) {
        at++;
      }
    }

    private String token() {
      int start = at;
      while (at < text.length() && isTokenCharacter(text.charAt(at))) {
        at++;
      }
      return text.substring(start, at);
    }

    /// RFC 9110, section 5.6.2.
    private static boolean isTokenCharacter(char c) {
      return (c >= '0' && c <= '9')
          || (c >= 'a' && c <= 'z')
          || (c >= 'A' && c <= 'Z')
          || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
    }

    private String value() {
      if (at >= text.length() || text.charAt(at) != '"') {
        return token();
      }
      StringBuilder value = new StringBuilder();
      for (at++; at < text.length() && text.charAt(at) != '"'; at++) {
        if (text.charAt(at) == '\\' && at + 1 < text.length()) {
          at++;
        }
        value.append(text.charAt(at));
      }
      at++;
      return value.toString();
    }
  }
}
