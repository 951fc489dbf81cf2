package dev.asterism.cli.log;

import java.util.Locale;
import java.util.logging.Level;

/// How much is logged, by the names that containerd's programs use.
public enum LogLevel {
  TRACE,
  DEBUG,
  INFO,
  WARN,
  ERROR;

  /// Reads a name, in any case; also `warning`, and `fatal` and `panic`, which are errors here.
  ///
  /// @throws IllegalArgumentException if it is none
  public static LogLevel parse(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "trace" -> TRACE;
      case "debug" -> DEBUG;
      case "info" -> INFO;
      case "warn", "warning" -> WARN;
      case "error", "fatal", "panic" -> ERROR;
      default ->
          throw new IllegalArgumentException(
              "'%s' is not trace, debug, info, warn, error, fatal or panic".formatted(name));
    };
  }

  /// Returns the least level of `java.util.logging` that is written.
  Level level() {
    return switch (this) {
      case TRACE -> Level.FINEST;
      case DEBUG -> Level.FINE;
      case INFO -> Level.INFO;
      case WARN -> Level.WARNING;
      case ERROR -> Level.SEVERE;
    };
  }

  /// Returns the name under which a record of `level` is written.
  static String nameOf(Level level) {
    LogLevel name = TRACE;
    for (LogLevel candidate : values()) {
      if (candidate.level().intValue() <= level.intValue()) {
        name = candidate;
      }
    }
    return name == WARN ? "warning" : name.toString();
  }

  /// Returns the name in lower case, as it is written on the command line.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
