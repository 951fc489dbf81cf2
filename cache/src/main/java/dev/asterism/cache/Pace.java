package dev.asterism.cache;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// Keeps work that looks at a whole store from taking the disk from who reads it: at most 50,000
/// files a second, of the million that a disk in memory can do. Confined to one thread.
final class Pace {
  /// What a look at a name in a directory's listing costs, of a look at a file.
  private static final int NAMES = 8;

  /// Files that are looked at between two pauses, and how long such a turn takes at least.
  private static final int TURN = 500;

  private static final Duration TURN_TAKES = Duration.ofMillis(10);

  private final BooleanSupplier stopped;
  private long names; // looks at files count as so many
  private long nextPause = TURN * NAMES;
  private long turnStarted = System.nanoTime();

  /// @param stopped ends the work early
  Pace(BooleanSupplier stopped) {
    this.stopped = stopped;
  }

  boolean isStopped() {
    return stopped.getAsBoolean();
  }

  /// Counts a look at a file, waits if there were many of late, and tells whether to stop.
  boolean file() {
    return count(NAMES);
  }

  /// As [#file], for a name that was listed.
  boolean name() {
    return count(1);
  }

  private boolean count(int cost) {
    names += cost;
    if (names >= nextPause) {
      nextPause = names + TURN * NAMES;
      LockSupport.parkNanos(TURN_TAKES.toNanos() - (System.nanoTime() - turnStarted));
      turnStarted = System.nanoTime();
    }
    return stopped.getAsBoolean();
  }
}
