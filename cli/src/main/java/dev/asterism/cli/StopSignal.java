package dev.asterism.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// SIGTERM and SIGINT as something to wait for: the process ends when whoever waited has closed
/// this.
///
/// Opened before what must be closed in order, closed after it. Thread-safe.
final class StopSignal implements AutoCloseable {
  private final CountDownLatch told = new CountDownLatch(1);
  private final CountDownLatch done = new CountDownLatch(1);

  private StopSignal() {}

  /// Starts to catch the signals.
  static StopSignal open() {
    StopSignal signal = new StopSignal();
    Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("stop").unstarted(signal::stop));
    return signal;
  }

  private void stop() {
    told.countDown();
    try {
      done.await();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Waits for a signal.
  void await() {
    try {
      told.await();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Waits for a signal, but not longer than `limit`; tells whether it came.
  boolean await(Duration limit) {
    try {
      return told.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  /// Lets the process end.
  @Override
  public void close() {
    done.countDown();
  }
}
