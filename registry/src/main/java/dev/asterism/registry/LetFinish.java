package dev.asterism.registry;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Lets a request finish that had better not be cut off when its caller is interrupted. A chunk of
/// an upload is one: Debian's docker-registry cancels no upload any more of which a chunk broke
/// off.
final class LetFinish {
  private LetFinish() {}

  /// What is left to finish.
  @FunctionalInterface
  interface Exchange {
    void run() throws IOException;
  }

  /// Runs an exchange on a thread of its own, and returns when it has ended.
  ///
  /// @param grace how much longer it may go on when the calling thread is interrupted
  /// @throws InterruptedIOException if the calling thread was interrupted; it still is. The
  ///   exchange is done, or was aborted
  static void run(Duration grace, Exchange exchange) throws IOException {
    FutureTask<Void> task =
        new FutureTask<>(() -> {
          exchange.run();
          return null;
        });
    Thread thread = Thread.ofVirtual().name("upload").start(task);
    try {
      task.get();
    } catch (ExecutionException e) {
      throw cause(e);
    } catch (InterruptedException e) {
      finish(task, thread, grace);
      Thread.currentThread().interrupt();
      throw (InterruptedIOException) new InterruptedIOException("interrupted").initCause(e);
    }
  }

  private static void finish(FutureTask<Void> task, Thread thread, Duration grace) {
    try {
      task.get(grace.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | InterruptedException _) {
      thread.interrupt();
    } catch (ExecutionException _) {
      // It failed; the caller ends anyway.
    }
  }

  private static IOException cause(ExecutionException e) {
    return switch (e.getCause()) {
      case IOException cause -> cause;
      case RuntimeException cause -> throw cause;
      case null, default -> throw new IllegalStateException(e);
    };
  }
}
