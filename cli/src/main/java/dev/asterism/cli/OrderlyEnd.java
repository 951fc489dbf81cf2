package dev.asterism.cli;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// How a command that holds things ends when it is told to (SIGINT, SIGTERM): its work is
/// interrupted, and the process goes when what it holds has been closed, or after 20 seconds. The
/// exit code is that of the signal, 130 or 143.
///
/// Opened before what must be closed, closed after it; used by one thread.
final class OrderlyEnd implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook = Thread.ofPlatform().name("orderly end").unstarted(this::end);
  private Optional<Thread> worker = Optional.empty(); // guarded by this
  private boolean told; // guarded by this

  private OrderlyEnd() {}

  /// What may be interrupted.
  @FunctionalInterface
  interface Work<T> {
    T run() throws IOException, InterruptedException;
  }

  /// Starts to catch the signals.
  static OrderlyEnd open() {
    OrderlyEnd end = new OrderlyEnd();
    Runtime.getRuntime().addShutdownHook(end.hook);
    return end;
  }

  private void end() {
    interruptWorker();
    try {
      boolean _ = closed.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void interruptWorker() {
    told = true;
    worker.ifPresent(Thread::interrupt);
  }

  /// Does what a signal interrupts. The thread is not interrupted any more when this has returned
  /// or thrown: what is closed afterwards may make calls.
  ///
  /// @throws InterruptedIOException if the signal came before; nothing was done
  <T> T during(Work<T> work) throws IOException, InterruptedException {
    begin();
    try {
      return work.run();
    } finally {
      finish();
    }
  }

  private synchronized void begin() throws InterruptedIOException {
    if (told) {
      throw new InterruptedIOException("told to end");
    }
    worker = Optional.of(Thread.currentThread());
  }

  private synchronized void finish() {
    worker = Optional.empty();
    if (told) {
      boolean _ = Thread.interrupted();
    }
  }

  /// Lets the process end.
  @Override
  public void close() {
    closed.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // it runs
    }
  }
}
