package dev.asterism.cli.log;

import java.util.Locale;

/// What a log line looks like.
public enum LogFormat {
  /// `2026-01-02T03:04:05.678Z info words key=value`, for people.
  TEXT,
  /// One JSON object with `level`, `time`, `msg` and the fields, as containerd's programs write it.
  JSON;

  /// Returns the name in lower case, as it is written on the command line.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
