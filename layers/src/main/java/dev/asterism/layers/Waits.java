package dev.asterism.layers;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Waiting for what another thread does. Stateless.
final class Waits {
  private Waits() {}

  /// Returns a future's result.
  ///
  /// @param what names it for an error
  /// @throws IOException with the failure's message and the failure as its cause; or if the caller
  ///   was interrupted
  static <T> T get(Future<T> future, String what) throws IOException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw failure(e);
    } catch (InterruptedException e) {
      throw interrupted(e, what);
    }
  }

  /// As the other, but gives up.
  ///
  /// @param patience longest wait; zero only looks
  /// @throws LateException if that is over
  static <T> T get(Future<T> future, String what, Duration patience) throws IOException {
    try {
      return future.get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw failure(e);
    } catch (TimeoutException e) {
      throw new LateException(
          "no answer within %d ms for %s".formatted(patience.toMillis(), what), e);
    } catch (InterruptedException e) {
      throw interrupted(e, what);
    }
  }

  /// A new exception for every waiter: one object must not be thrown, and get suppressed ones, on
  /// several threads.
  private static IOException failure(ExecutionException e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    return new IOException(cause.getMessage(), cause);
  }

  private static IOException interrupted(InterruptedException e, String what) {
    Thread.currentThread().interrupt();
    return new IOException("interrupted while waiting for " + what, e);
  }
}
