package dev.asterism.cli;

import java.util.concurrent.CountDownLatch;

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

  /// Lets the process end.
  @Override
  public void close() {
    done.countDown();
  }
}
