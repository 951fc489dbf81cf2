package dev.asterism.layers;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/// Chunks that were asked for together, and how many of them are still to come. Thread-safe.
final class FetchTicket {
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private final AtomicInteger open = new AtomicInteger(1); // the one is whoever still adds chunks
  private final AtomicInteger failed = new AtomicInteger();

  /// Completes when every chunk is here, or failed, or was cancelled; never exceptionally.
  CompletableFuture<Void> done() {
    return done;
  }

  /// Returns how many chunks could not be had, or found no place in the queue, or were cancelled.
  int failed() {
    return failed.get();
  }

  void added() {
    open.incrementAndGet();
  }

  void allAdded() {
    one();
  }

  void over(boolean came) {
    if (!came) {
      failed.incrementAndGet();
    }
    one();
  }

  private void one() {
    if (open.decrementAndGet() == 0) {
      done.complete(null);
    }
  }
}
