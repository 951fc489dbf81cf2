package dev.asterism.layers;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/// Gives the heap back to the system when fetching pauses.
///
/// While a layer streams in, every chunk is an array that is garbage a moment later, and the heap
/// grows to hold it. The collector has no reason to shrink it afterwards: an idle daemon allocates
/// nothing, so nothing is collected. What lives is some ten megabytes, so one full collection costs
/// milliseconds. Thread-safe.
final class IdleMemory implements AutoCloseable {
  /// Less garbage than this is not worth a collection.
  private static final long WORTH = 16 << 20; // 16 MiB

  private static final long PAUSE_SECONDS = 2;

  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("idle-memory").daemon().factory());
  private final AtomicLong allocated = new AtomicLong();
  private final AtomicBoolean watching = new AtomicBoolean();

  /// Notes that this many bytes were decoded, of which none is kept.
  void decoded(long bytes) {
    if (allocated.addAndGet(bytes) >= WORTH && watching.compareAndSet(false, true)) {
      watch(allocated.get());
    }
  }

  private void watch(long before) {
    var _ =
        timer.schedule(
            () -> {
              long now = allocated.get();
              if (now != before) {
                watch(now);
                return;
              }
              allocated.addAndGet(-now);
              watching.set(false);
              collect();
            },
            PAUSE_SECONDS,
            TimeUnit.SECONDS);
  }

  @SuppressWarnings("SystemGc") // it is what this class is for, see above
  private static void collect() {
    System.gc();
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
