package dev.asterism.testkit.link;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/// One direction of a link: sends what is given to it one after the other, as fast as it goes.
///
/// A token bucket by time: each block is given the moment at which its last byte is out, right
/// after the block before it. Who comes to an idle link may be a little ahead of it, which makes up
/// for timers that wake late. Thread-safe.
final class Bandwidth {
  private static final long BURST = Duration.ofMillis(2).toNanos();

  private final LinkShape shape;
  private long freeAt = System.nanoTime();

  Bandwidth(LinkShape shape) {
    this.shape = shape;
  }

  /// Waits until `bytes` bytes are out, and returns that moment by `System.nanoTime`.
  long send(int bytes) throws InterruptedException {
    long out;
    synchronized (this) {
      long earliest = System.nanoTime() - BURST;
      out = (freeAt - earliest > 0 ? freeAt : earliest) + shape.nanosFor(bytes);
      freeAt = out;
    }
    sleepUntil(out);
    return out;
  }

  /// Sleeps until `moment` by `System.nanoTime`; at once if it has passed.
  static void sleepUntil(long moment) throws InterruptedException {
    for (long left = moment - System.nanoTime(); left > 0; left = moment - System.nanoTime()) {
      LockSupport.parkNanos(left);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }
}
