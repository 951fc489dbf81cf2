package dev.asterism.testkit.link;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/// One direction of a link: sends what is given to it one after the other, as fast as it goes.
///
/// A token bucket by time: each block is given the moment at which its last byte is out, right
/// after the block before it. Timers wake late, on a busy machine by milliseconds; so a sender says
/// since when it has had its bytes, and the time that it overslept is not lost to the link.
/// Thread-safe.
final class Bandwidth {
  /// Nobody is trusted to have overslept longer.
  private static final long LONGEST_CREDIT = Duration.ofMillis(100).toNanos();

  private LinkShape shape; // guarded by this
  private long freeAt = System.nanoTime();

  Bandwidth(LinkShape shape) {
    this.shape = shape;
  }

  /// Is as fast as this from the next block on.
  synchronized void become(LinkShape next) {
    shape = next;
  }

  /// Waits until `bytes` bytes are out, and returns that moment by `System.nanoTime`.
  ///
  /// @param since when the bytes could have begun to go out, by `System.nanoTime`
  long send(int bytes, long since) throws InterruptedException {
    long out;
    synchronized (this) {
      long start = later(since, System.nanoTime() - LONGEST_CREDIT);
      out = later(start, freeAt) + shape.nanosFor(bytes);
      freeAt = out;
    }
    sleepUntil(out);
    return out;
  }

  private static long later(long a, long b) {
    return a - b > 0 ? a : b;
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
