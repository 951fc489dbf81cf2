package dev.asterism.cli.log;

import java.util.Locale;
import java.util.logging.Level;

/// How much is logged, by the names that containerd's programs use.
public enum LogLevel {
  TRACE(Level.FINEST),
  DEBUG(Level.FINE),
  INFO(Level.INFO),
  WARN(Level.WARNING),
  ERROR(Level.SEVERE);

  private final Level level;

  LogLevel(Level level) {
    this.level = level;
  }

  /// Returns the least level of `java.util.logging` that is written.
  Level level() {
    return level;
  }

  /// Returns the name under which a record of `level` is written.
  static String nameOf(Level level) {
    LogLevel name = TRACE;
    for (LogLevel candidate : values()) {
      if (candidate.level.intValue() <= level.intValue()) {
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
