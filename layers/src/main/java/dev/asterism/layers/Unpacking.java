package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/// Which chunks are unpacked, checked and stored at a time: the background does that with
/// processors that nobody waits for.
///
/// It has all of them while no container is served. While a range is under way that one waits for,
/// it leaves one processor alone; while a chunk is unpacked that is not its own, it begins none,
/// for a while: it gets on all the same. Thread-safe.
final class Unpacking {
  /// A chunk of the background is held up for so long at most.
  private static final Duration LONGEST = Duration.ofMillis(50);

  /// How often one that is held up looks whether a read waits for it by now.
  private static final long LOOK = TimeUnit.MILLISECONDS.toNanos(5);

  private final int processors;
  private final Duration longest;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /// Ranges under way that a container is served by.
  @GuardedBy("lock")
  private int serving;

  /// Chunks that are unpacked and are not the background's.
  @GuardedBy("lock")
  private int others;

  @GuardedBy("lock")
  private int background;

  @GuardedBy("lock")
  private long held;

  Unpacking() {
    this(Runtime.getRuntime().availableProcessors(), LONGEST);
  }

  /// @param processors that there are
  /// @param longest that a chunk of the background is held up
  Unpacking(int processors, Duration longest) {
    this.processors = processors;
    this.longest = longest;
  }

  /// Notes that a range is asked for that a container is served by.
  ///
  /// @return notes that it has ended
  Runnable serve() {
    lock.lock();
    try {
      serving++;
    } finally {
      lock.unlock();
    }
    return () -> {
      lock.lock();
      try {
        serving--;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    };
  }

  /// Waits until a chunk may be unpacked.
  ///
  /// @param canWait whether nobody waits for it, at each moment
  /// @return notes that it is stored
  Runnable begin(BooleanSupplier canWait) {
    lock.lock();
    try {
      holdUp(canWait);
      boolean isBackground = canWait.getAsBoolean();
      count(isBackground, 1);
      return () -> end(isBackground);
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void holdUp(BooleanSupplier canWait) {
    if (!canWait.getAsBoolean() || !isTaken()) {
      return;
    }
    held++;
    long left = longest.toNanos();
    try {
      while (left > 0 && canWait.getAsBoolean() && isTaken()) {
        long slice = Math.min(left, LOOK);
        left -= slice - Math.max(0, changed.awaitNanos(slice));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody interrupts these threads; if so, go on
    }
  }

  /// Tells whether the background has all the processors that it may have.
  @GuardedBy("lock")
  private boolean isTaken() {
    return others > 0 || (serving > 0 && background >= Math.max(1, processors - 1));
  }

  @GuardedBy("lock")
  private void count(boolean isBackground, int more) {
    if (isBackground) {
      background += more;
    } else {
      others += more;
    }
  }

  private void end(boolean isBackground) {
    lock.lock();
    try {
      count(isBackground, -1);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Returns how many chunks of the background were held up until now.
  long held() {
    lock.lock();
    try {
      return held;
    } finally {
      lock.unlock();
    }
  }

  /// Returns how many chunks of the background are being unpacked.
  int background() {
    lock.lock();
    try {
      return background;
    } finally {
      lock.unlock();
    }
  }
}
