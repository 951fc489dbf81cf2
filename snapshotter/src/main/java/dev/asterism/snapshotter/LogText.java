package dev.asterism.snapshotter;

import java.io.IOException;

/// Values in log lines of `key=value` pairs.
final class LogText {
  private LogText() {}

  /// Returns `text` between quotes, on one line.
  static String quote(String text) {
    StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"', '\\' -> quoted.append('\\').append(c);
        case '\n' -> quoted.append("\\n");
        default -> quoted.append(Character.isISOControl(c) ? '?' : c);
      }
    }
    return quoted.append('"').toString();
  }

  /// Returns what `failure` says and what caused it.
  static String quote(Throwable failure) {
    StringBuilder text = new StringBuilder(message(failure));
    Throwable cause = failure.getCause();
    for (int depth = 0; cause != null && depth < 4; depth++) {
      text.append(": ").append(message(cause));
      cause = cause.getCause();
    }
    return quote(text.toString());
  }

  private static String message(Throwable failure) {
    String message = failure.getMessage();
    return failure instanceof IOException && message != null ? message : failure.toString();
  }
}
