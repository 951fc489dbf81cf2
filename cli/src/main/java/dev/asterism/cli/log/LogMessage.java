package dev.asterism.cli.log;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A log message in its parts. Immutable.
///
/// A message is words, then `key=value` pairs. A value with spaces is quoted; where it is not, as
/// with the text of an exception, it reaches to the next pair.
///
/// @param text the words
/// @param fields the pairs, in their order
record LogMessage(String text, Map<String, String> fields) {
  private static final Pattern PAIR =
      Pattern.compile("(?:^|\\s)([a-zA-Z_][a-zA-Z0-9_.-]*)=(\"(?:[^\"\\\\]|\\\\.)*+\")?");

  LogMessage {
    fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
  }

  static LogMessage parse(String message) {
    Matcher pair = PAIR.matcher(message);
    Map<String, String> fields = new LinkedHashMap<>();
    int wordsEnd = message.length();
    String key = "";
    int valueStart = 0;
    while (pair.find()) {
      if (key.isEmpty()) {
        wordsEnd = pair.start();
      } else {
        fields.put(key, unquote(message.substring(valueStart, pair.start())));
      }
      key = pair.group(1);
      valueStart = pair.end(1) + 1;
    }
    if (!key.isEmpty()) {
      fields.put(key, unquote(message.substring(valueStart)));
    }
    return new LogMessage(message.substring(0, wordsEnd).strip(), fields);
  }

  private static String unquote(String value) {
    String bare = value.strip();
    if (bare.length() < 2 || !bare.startsWith("\"") || !bare.endsWith("\"")) {
      return bare;
    }
    StringBuilder text = new StringBuilder();
    for (int i = 1; i < bare.length() - 1; i++) {
      char c = bare.charAt(i);
      if (c == '\\' && i + 1 < bare.length() - 1) {
        i++;
        text.append(bare.charAt(i) == 'n' ? '\n' : bare.charAt(i));
      } else {
        text.append(c);
      }
    }
    return text.toString();
  }
}
