package dev.asterism.cache;

import dev.asterism.linux.Priority;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/// Keeps the store within its budget: has the [Evictor] make room when it is exceeded, and has
/// additions refused while that does not help.
///
/// It is asked after every addition, which costs two reads of memory, and looks at the file system
/// every few seconds, and at once when a write finds the disk full. One run makes room for a while
/// ahead, so runs are rare. While a run cannot keep up, what comes is refused beyond a small
/// excess: its reader gets it from memory. Thread-safe.
final class SpaceGuard implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(SpaceGuard.class.getName());

  /// A run goes this much below the limit: a 10th, 1 GiB at most.
  private static final int AHEAD = 10;

  private static final long MOST_AHEAD = 1L << 30; // 1 GiB

  /// Additions are refused when the store is a 20th beyond the limit, and less than half of what
  /// should be free is.
  private static final int EXCESS = 20;

  /// What a full disk asks for beside that, at least.
  private static final long RELIEF = 64 << 20; // 64 MiB

  /// After a run that did not free enough the next waits, for files to grow old or to be let go.
  private static final Duration PAUSE = Duration.ofSeconds(15);

  /// Not the lowest: who waits for room may be a container.
  private static final int NICE = 10;

  private final Budget budget;
  private final CacheDisk disk;
  private final Usage usage;
  private final Evictor evictor;
  private final Tally tally;
  private final InstantSource clock;
  private final AtomicBoolean requested = new AtomicBoolean();
  private final ExecutorService runner =
      Executors.newSingleThreadExecutor(
          work -> Thread.ofPlatform().daemon().name("cache space").unstarted(work));

  private volatile Space space;
  private volatile long maxSize;
  private volatile boolean diskFull;
  private volatile Instant notBefore = Instant.MIN;
  private volatile Optional<String> unreachable = Optional.empty();
  private volatile boolean closed;

  SpaceGuard(
      Budget budget, CacheDisk disk, Usage usage, Evictor evictor, Tally tally, InstantSource clock)
      throws IOException {
    this.budget = budget;
    this.disk = disk;
    this.usage = usage;
    this.evictor = evictor;
    this.tally = tally;
    this.clock = clock;
    space = disk.space();
    maxSize = budget.maxSizeOf(space.total());
  }

  /// Counts what is there, in the background.
  void start() {
    var _ =
        runner.submit(() -> {
          Priority.lower(NICE);
          try {
            evictor.count();
          } catch (InterruptedIOException _) {
            return; // closing
          } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cache not counted", e);
          }
          look();
        });
  }

  /// Tells why nothing may be added now; empty if it may.
  Optional<Cause> refusal() {
    return usage.bytes() - maxSize > excess() || isNearlyFull()
        ? Optional.of(Cause.OVER_BUDGET)
        : Optional.empty();
  }

  private long excess() {
    return maxSize / EXCESS;
  }

  /// A disk that was nearly full is looked at again: others may have made room since.
  private boolean isNearlyFull() {
    return isNearlyFull(space) && isNearlyFull(refreshed());
  }

  private boolean isNearlyFull(Space now) {
    return now.free() < budget.minFreeOf(now.total()) / 2;
  }

  private Space refreshed() {
    try {
      space = disk.space();
    } catch (IOException e) {
      tally.readFailed("the file system of the cache", e);
    }
    return space;
  }

  /// Looks at what became of an addition.
  void added(Published published) {
    if (published instanceof Published.Uncached(Cause cause)
        && (cause == Cause.NO_SPACE || cause == Cause.QUOTA)) {
      diskFull = true;
      request();
    } else if (usage.bytes() > maxSize) {
      request();
    }
  }

  /// Looks at the file system, and has room made where there is too little. Called every few
  /// seconds.
  void look() {
    maxSize = budget.maxSizeOf(refreshed().total());
    if (missing() > 0) {
      request();
    } else {
      unreachable = Optional.empty();
    }
  }

  BudgetStatus status() {
    Space now = space;
    return new BudgetStatus(
        budget,
        usage.bytes(),
        maxSize == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(maxSize),
        now.total(),
        now.free(),
        budget.minFreeOf(now.total()),
        tally.filesEvicted.sum(),
        tally.bytesEvicted.sum(),
        unreachable);
  }

  private void request() {
    if (!closed && clock.instant().isAfter(notBefore) && requested.compareAndSet(false, true)) {
      try {
        var _ = runner.submit(this::run);
      } catch (java.util.concurrent.RejectedExecutionException _) {
        requested.set(false); // closed meanwhile
      }
    }
  }

  private void run() {
    try {
      requested.set(false);
      long missing = missing();
      if (missing > 0 && !closed) {
        diskFull = false;
        Eviction eviction = evictor.evict(missing + ahead());
        space = disk.space();
        judge(eviction, missing);
      }
    } catch (InterruptedIOException _) {
      // closing: what is left to take waits for the next process
    } catch (IOException e) {
      notBefore = clock.instant().plus(PAUSE);
      LOG.log(System.Logger.Level.WARNING, "cache eviction failed", e);
    } catch (RuntimeException e) {
      notBefore = clock.instant().plus(PAUSE);
      LOG.log(System.Logger.Level.ERROR, "cache eviction failed", e);
    }
  }

  /// Returns how many bytes have to go for the budget to be kept.
  private long missing() {
    Space now = space;
    long over = usage.bytes() - maxSize;
    long lacking = budget.minFreeOf(now.total()) - now.free();
    return Math.max(Math.max(over, lacking), diskFull ? RELIEF : 0);
  }

  private long ahead() {
    return Math.min(Math.min(maxSize, space.total()) / AHEAD, MOST_AHEAD);
  }

  private void judge(Eviction eviction, long missing) {
    LOG.log(
        System.Logger.Level.INFO,
        "cache evicted objects={0} bytes={1} wanted={2}",
        String.valueOf(eviction.objects()),
        String.valueOf(eviction.bytes()),
        String.valueOf(missing));
    if (eviction.bytes() >= missing) {
      unreachable = Optional.empty();
      return;
    }
    notBefore = clock.instant().plus(PAUSE);
    String why =
        "%d bytes too much, and what is left is pinned (%d bytes), has just come, or is not ours"
            .formatted(missing - eviction.bytes(), eviction.pinned());
    if (unreachable.isEmpty()) {
      LOG.log(System.Logger.Level.WARNING, "cache budget cannot be kept reason=\"{0}\"", why);
    }
    unreachable = Optional.of(why);
  }

  @Override
  public void close() {
    closed = true;
    runner.shutdown();
    boolean interrupted = false;
    while (true) {
      try {
        if (runner.awaitTermination(1, TimeUnit.HOURS)) {
          break;
        }
      } catch (InterruptedException _) {
        interrupted = true; // the run ends by itself: it looks at `closed`
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
