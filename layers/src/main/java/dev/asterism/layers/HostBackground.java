package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.asterism.cache.BudgetStatus;
import dev.asterism.content.Digest;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/// What comes in the background from one registry host: one layer after the other. While the last
/// of one comes and is put together, the next is asked for.
///
/// Thread-safe; one thread of its own asks, and another ends each layer. A bug costs the layer that
/// it was met with an attempt, and no other layer anything.
final class HostBackground implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(HostBackground.class.getName());

  /// Compressed bytes that are asked for together, where the link does not carry more in a round
  /// trip.
  private static final long SLICE = 4L << 20; // 4 MiB

  /// What is left alone of the store's budget.
  private static final long ROOM = 32L << 20; // 32 MiB

  private static final Duration PAUSE = Duration.ofMillis(50);

  private final Semaphore requests;
  private final Predicate<LayerContent> isMounted;
  private final BooleanSupplier isStarting;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  @GuardedBy("lock")
  private final Queue<BackgroundJob> jobs = new ArrayDeque<>();

  @GuardedBy("lock")
  private final Map<Digest, BackgroundJob> known = new HashMap<>();

  /// Those whose bytes were all asked for, and who end each.
  @GuardedBy("lock")
  private final Map<BackgroundJob, Thread> ending = new HashMap<>();

  private final Thread worker;

  /// @param host as images name it
  /// @param maxConcurrency slices that are asked for at a time
  /// @param isMounted tells whether a layer is still worth fetching
  /// @param isStarting tells whether a start needs the link; not for ever
  HostBackground(
      String host,
      int maxConcurrency,
      Predicate<LayerContent> isMounted,
      BooleanSupplier isStarting) {
    this.isStarting = isStarting;
    this.requests = new Semaphore(maxConcurrency);
    this.isMounted = isMounted;
    this.worker = Thread.ofVirtual().name("background-fetch " + host).start(this::work);
  }

  /// Has a layer fetched, unless it is known already.
  void add(LayerContent layer, LayerDirectory directory) {
    lock.lock();
    try {
      BackgroundJob former = known.get(layer.digest());
      if (former == null || former.layer() != layer) {
        BackgroundJob job = new BackgroundJob(layer, directory);
        known.put(layer.digest(), job);
        jobs.add(job);
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private void work() {
    try {
      while (true) {
        BackgroundJob job = next();
        attempt(job);
        Thread end =
            Thread.ofVirtual().name("end " + job.layer().digest()).unstarted(() -> end(job));
        lock.lock();
        try {
          ending.put(job, end);
        } finally {
          lock.unlock();
        }
        end.start();
      }
    } catch (InterruptedException _) {
      // Closed.
    }
  }

  /// Waits for the job that is due first.
  private BackgroundJob next() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (true) {
        long now = System.nanoTime();
        long wait = Long.MAX_VALUE;
        for (BackgroundJob job : jobs) {
          wait = Math.min(wait, job.due() - now);
          if (job.due() - now <= 0) {
            jobs.remove(job);
            return job;
          }
        }
        if (wait == Long.MAX_VALUE) {
          changed.await();
        } else {
          changed.await(wait, TimeUnit.NANOSECONDS);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void attempt(BackgroundJob job) throws InterruptedException {
    try {
      job.begin();
      if (isMounted.test(job.layer())) {
        ask(job);
      }
    } catch (RuntimeException e) {
      reportBug(job, e); // what is missing is found when it ends
    }
  }

  /// Asks for all that is missing of a layer, a slice at a time.
  private void ask(BackgroundJob job) throws InterruptedException {
    LayerContent layer = job.layer();
    ChunkSlices slices =
        new ChunkSlices(layer.table(), 0, Long.MAX_VALUE, chunk -> !layer.stored().isStored(chunk));
    boolean more = true;
    while (more && !job.hasFailed() && isMounted.test(layer) && hasRoom(layer)) {
      while (isStarting.getAsBoolean()) {
        Thread.sleep(PAUSE);
      }
      requests.acquire();
      boolean asked = false;
      try {
        List<LayerChunk> slice = slices.next(Math.max(SLICE, product(layer)));
        more = !slice.isEmpty();
        if (more) {
          FetchTicket ticket = layer.fetch(slice, FetchClass.BACKGROUND);
          asked = true;
          job.ask();
          var _ =
              ticket
                  .done()
                  .thenRun(() -> {
                    job.came(ticket.failed());
                    requests.release();
                  });
        }
      } finally {
        if (!asked) {
          requests.release();
        }
      }
    }
  }

  private static long product(LayerContent layer) {
    return layer.shared().scheduler().link(layer.host()).product();
  }

  /// Tells whether the store may grow: nothing that is used is to make room for what may be.
  private static boolean hasRoom(LayerContent layer) {
    BudgetStatus budget = layer.shared().store().budget();
    return budget.used() + ROOM < budget.maxSize().orElse(Long.MAX_VALUE)
        && budget.free() - ROOM > budget.minFree();
  }

  /// Waits for what was asked for, and sees what came of it.
  private void end(BackgroundJob job) {
    try {
      job.await();
      switch (outcome(job)) {
        case OVER -> forget(job);
        case NOT_PUT_TOGETHER -> {
          job.lookAgain();
          again(job);
        }
        case FAILED -> {
          job.postpone();
          again(job);
        }
      }
    } catch (InterruptedException _) {
      // Closed.
    } finally {
      lock.lock();
      try {
        ending.remove(job, Thread.currentThread()); // it may be with another one again
      } finally {
        lock.unlock();
      }
    }
  }

  private BackgroundJob.Outcome outcome(BackgroundJob job) {
    try {
      return isMounted.test(job.layer()) ? job.finish() : BackgroundJob.Outcome.OVER;
    } catch (RuntimeException e) {
      reportBug(job, e);
      return BackgroundJob.Outcome.FAILED;
    }
  }

  private static void reportBug(BackgroundJob job, RuntimeException bug) {
    LOGGER.log(
        Level.ERROR,
        "bug in the background fetch, tried again later layer=" + job.layer().digest(),
        bug);
  }

  private void again(BackgroundJob job) {
    lock.lock();
    try {
      jobs.add(job);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void forget(BackgroundJob job) {
    lock.lock();
    try {
      known.remove(job.layer().digest(), job);
    } finally {
      lock.unlock();
    }
  }

  /// Stops. What is under way is finished by others.
  @Override
  public void close() {
    worker.interrupt();
    lock.lock();
    try {
      ending.values().forEach(Thread::interrupt);
    } finally {
      lock.unlock();
    }
  }
}
