package dev.asterism.layers;

import java.time.Duration;

/// When a call that waits has to give up. Immutable.
///
/// One call of a container may need several chunks, and may ask several registries for each: all
/// that waiting together has one end.
final class Deadline {
  private final long end; // on the clock of System.nanoTime

  private Deadline(long end) {
    this.end = end;
  }

  /// Returns the end of a wait that begins now.
  static Deadline in(Duration patience) {
    return new Deadline(System.nanoTime() + patience.toNanos());
  }

  /// Returns how long to wait still; zero if that is over.
  Duration left() {
    return Duration.ofNanos(Math.max(0, end - System.nanoTime()));
  }

  /// Returns the end of one of `attempts` waits that follow each other within this one.
  ///
  /// @param attempts 1 or more
  Deadline share(int attempts) {
    return in(left().dividedBy(attempts));
  }
}
