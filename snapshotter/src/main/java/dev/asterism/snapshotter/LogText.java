package dev.asterism.snapshotter;

import java.io.IOException;
import java.nio.file.FileSystemException;

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
    return quote(describe(failure));
  }

  /// Returns what `failure` says and what caused it, each thing once.
  static String describe(Throwable failure) {
    StringBuilder text = new StringBuilder(message(failure));
    Throwable cause = failure.getCause();
    for (int depth = 0; cause != null && depth < 4; depth++) {
      String message = message(cause);
      if (text.indexOf(message) < 0) {
        text.append(": ").append(message);
      }
      cause = cause.getCause();
    }
    return text.toString();
  }

  private static String message(Throwable failure) {
    if (failure instanceof FileSystemException file && file.getReason() == null) {
      return "%s: %s".formatted(failure.getClass().getSimpleName(), file.getFile());
    }
    String message = failure.getMessage();
    return failure instanceof IOException && message != null ? message : failure.toString();
  }
}
