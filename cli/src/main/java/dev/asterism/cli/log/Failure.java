package dev.asterism.cli.log;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.FileSystemException;
import java.util.Optional;
import java.util.logging.LogRecord;

/// What went wrong, as far as a log line tells. Immutable.
///
/// @param thrown with its causes
record Failure(Throwable thrown) {
  /// Returns the failure of a log line that has one.
  static Optional<Failure> of(LogRecord line) {
    return Optional.ofNullable(line.getThrown()).map(Failure::new);
  }

  /// Returns what was attempted and why it failed, in one line.
  String summary() {
    StringBuilder text = new StringBuilder(describe(thrown));
    Throwable cause = thrown.getCause();
    for (int depth = 0; cause != null && depth < 5; depth++) {
      String said = describe(cause);
      if (text.indexOf(said) < 0) {
        text.append(": ").append(said);
      }
      cause = cause.getCause();
    }
    return text.toString();
  }

  /// Tells whether it is a bug rather than a failing environment: then the stack is worth its
  /// lines.
  boolean isBug() {
    return !(thrown instanceof IOException) && !(thrown instanceof InterruptedException);
  }

  /// Returns the stack, ending with a line break.
  String stack() {
    StringWriter text = new StringWriter();
    thrown.printStackTrace(new PrintWriter(text, true));
    return text.toString();
  }

  private static String describe(Throwable failure) {
    if (failure instanceof FileSystemException file && file.getReason() == null) {
      return "%s: %s".formatted(failure.getClass().getSimpleName(), file.getFile());
    }
    return Optional.ofNullable(failure.getMessage())
        .filter(message -> failure instanceof IOException)
        .orElseGet(failure::toString)
        .replace('\n', ' ');
  }
}
