package dev.asterism.registry;

import java.time.Duration;

/// How long one operation has been waiting without getting anywhere, and when that is too long.
///
/// Time counts between [#enter] and [#leave] only, so a caller that pauses between two reads is not
/// held against the server. Arrived bytes set it back, but only in steps of 16 KiB: who sends a
/// byte now and then does not get on. Confined to one thread, except [#isOver].
final class Patience {
  private static final int STEP = 16 << 10; // 16 KiB
  private static final long NEVER = Long.MAX_VALUE;
  private static final long ORIGIN = System.nanoTime();

  private final long limit;
  private long spent;
  private long enteredAt;
  private int arrived;

  /// On [#now]'s clock; [#NEVER] while nobody waits.
  private volatile long deadline = NEVER;

  Patience(Duration limit) {
    this.limit = limit.toNanos();
  }

  /// Nanoseconds that never overflow, unlike those of `System.nanoTime` itself.
  private static long now() {
    return System.nanoTime() - ORIGIN;
  }

  /// Begins to wait.
  void enter() {
    enteredAt = now();
    deadline = enteredAt + limit - spent;
  }

  /// Stops waiting.
  void leave() {
    spent += now() - enteredAt;
    deadline = NEVER;
  }

  /// Notes that `bytes` useful bytes have arrived, while waiting.
  void arrived(int bytes) {
    arrived += bytes;
    if (arrived >= STEP) {
      arrived = 0;
      spent = 0;
      enter();
    }
  }

  /// Returns what is left of it, not negative.
  Duration left() {
    long until = deadline;
    return until == NEVER ? Duration.ofNanos(limit) : Duration.ofNanos(Math.max(0, until - now()));
  }

  /// Tells whether somebody has been waiting too long. Any thread may ask.
  boolean isOver() {
    return deadline <= now();
  }
}
