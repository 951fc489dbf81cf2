package dev.asterism.layers;

import dev.asterism.linux.RuntimePages;
import java.io.IOException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/// Keeps the heap as small as what lives in it, while fetching and after it.
///
/// While a layer streams in, every chunk is an array that is garbage a moment later, and the
/// collector rather grows the heap to its limit than collects; afterwards an idle daemon allocates
/// nothing, so nothing shrinks it. What lives is some ten megabytes, so a full collection costs
/// about 20 ms: one is asked for with every [#BUSY] bytes, and one when fetching pauses. That one
/// also takes what is kept in memory for those who fetch, and gives back what is mapped of the Java
/// runtime and was touched once. Thread-safe.
final class IdleMemory implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(IdleMemory.class.getName());

  /// Garbage after which fetching itself is worth a collection.
  private static final long BUSY = 48 << 20; // 48 MiB

  /// Least time from one such collection to the next, so that they cost a few percent at most.
  private static final long BUSY_MILLIS = 500;

  /// Less garbage than this is not worth a collection in a pause.
  private static final long IDLE = 16 << 20; // 16 MiB

  private static final long PAUSE_MILLIS = 500;

  private final Runnable release;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("idle-memory").daemon().factory());
  private final AtomicLong total = new AtomicLong();
  private final AtomicBoolean watching = new AtomicBoolean();
  private final AtomicBoolean lettingGo = new AtomicBoolean();

  /// What [#total] was at the last collection; written by the timer's thread only.
  private volatile long collected;

  /// @param release lets go of memory that is of use while something is fetched; runs on a thread
  ///   of its own, and is quick
  IdleMemory(Runnable release) {
    this.release = release;
  }

  /// Notes that this many bytes were decoded, of which none is kept.
  void decoded(long bytes) {
    if (total.addAndGet(bytes) - collected >= IDLE && watching.compareAndSet(false, true)) {
      watch(total.get(), 0);
    }
  }

  /// Has memory let go of in a while, once for all who ask until then.
  void letGo(Runnable memory) {
    if (!lettingGo.compareAndSet(false, true)) {
      return;
    }
    try {
      var _ =
          timer.schedule(
              () -> {
                lettingGo.set(false);
                memory.run();
              },
              PAUSE_MILLIS,
              TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException _) {
      lettingGo.set(false); // closed: all memory goes soon
    }
  }

  /// Looks again in a while.
  ///
  /// @param before what `total` was at the last look
  /// @param quiet for how many milliseconds nothing was decoded
  private void watch(long before, long quiet) {
    var _ = timer.schedule(() -> look(before, quiet), BUSY_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void look(long before, long quiet) {
    long now = total.get();
    long stillFor = now == before ? quiet + BUSY_MILLIS : 0;
    if (stillFor >= PAUSE_MILLIS) {
      watching.set(false);
      release.run();
      collect(now);
      giveBackPages(); // the collection itself has touched most of them
      return;
    }
    if (now - collected >= BUSY) {
      collect(now);
    }
    watch(now, stillFor);
  }

  @SuppressWarnings("SystemGc") // it is what this class is for, see above
  private void collect(long now) {
    collected = now;
    System.gc();
  }

  private static void giveBackPages() {
    try {
      RuntimePages.giveBack();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "pages of the Java runtime stay mapped", e);
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
