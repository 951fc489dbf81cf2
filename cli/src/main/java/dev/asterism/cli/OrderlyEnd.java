package dev.asterism.cli;

import java.util.concurrent.CountDownLatch;

/// Makes a signal an interrupt of the thread that serves, and lets the process end only when that
/// thread has put away what it opened.
///
/// Opened first, so closed last, in the same try-with-resources as the rest.
final class OrderlyEnd implements AutoCloseable {
  private final CountDownLatch over = new CountDownLatch(1);
  private final Thread serving = Thread.currentThread();
  private final Thread hook = new Thread(this::endServing, "end");

  private OrderlyEnd() {}

  /// Begins to listen for SIGINT, SIGTERM and SIGHUP on behalf of the current thread.
  static OrderlyEnd ofThisThread() {
    OrderlyEnd end = new OrderlyEnd();
    Runtime.getRuntime().addShutdownHook(end.hook);
    return end;
  }

  private void endServing() {
    serving.interrupt();
    try {
      over.await();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Says that everything is put away.
  @Override
  public void close() {
    over.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // The process is ending: the hook waits for us no longer.
    }
  }
}
