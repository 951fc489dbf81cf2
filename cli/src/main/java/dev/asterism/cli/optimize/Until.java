package dev.asterism.cli.optimize;

import java.time.Duration;

/// How long a workload is watched; never longer than it runs.
public sealed interface Until {
  /// For a time.
  record Period(Duration length) implements Until {}

  /// Until it prints a line that holds a text, or a time has passed.
  record Line(String text, Duration limit) implements Until {}

  /// Until the user says so by Ctrl-C.
  record Signal() implements Until {}
}
