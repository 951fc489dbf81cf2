package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.asterism.cache.BudgetStatus;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Phaser;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/// Fetches what is missing of every mounted layer, one layer after the other, and notes which are
/// complete. While the last of one comes and is put together, the next is asked for.
///
/// It asks for little at a time and in the lowest class: whatever else is wanted goes first. While
/// a start is going on it asks for nothing: between two reads of a program the link may well be
/// idle, and what is asked for then is in the way of the next read. What is there is found by
/// looking, so a restart goes on where the last process was. A layer that cannot be had now is
/// tried again later, the longer the more often it failed. Thread-safe; one thread of its own asks,
/// and another ends each layer.
final class BackgroundFetch implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(BackgroundFetch.class.getName());
  private static final long SLICE = 4L << 20; // 4 MiB of compressed bytes

  /// What is left alone of the store's budget.
  private static final long ROOM = 32L << 20; // 32 MiB

  /// How often and how long it is waited for that files of several chunks are put together.
  private static final int LOOKS = 100;

  private static final Duration LOOK = Duration.ofMillis(100);
  private static final Duration PAUSE = Duration.ofMillis(50);
  private static final Duration FIRST_RETRY = Duration.ofSeconds(2);
  private static final Duration LAST_RETRY = Duration.ofMinutes(10);

  private final Semaphore requests;
  private final int maxConcurrency;
  private final Predicate<LayerContent> isMounted;
  private final BooleanSupplier isStarting;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  @GuardedBy("lock")
  private final Queue<Job> jobs = new ArrayDeque<>();

  @GuardedBy("lock")
  private final Map<Digest, Job> known = new HashMap<>();

  /// Those whose bytes were all asked for, and who end each.
  @GuardedBy("lock")
  private final Map<Job, Thread> ending = new HashMap<>();

  private final Thread worker;

  /// @param isMounted tells whether a layer is still worth fetching
  /// @param isStarting tells whether a start needs the link; not for ever
  BackgroundFetch(
      StartPolicy.Background policy,
      Predicate<LayerContent> isMounted,
      BooleanSupplier isStarting) {
    this.isStarting = isStarting;
    this.maxConcurrency = policy.maxConcurrency();
    this.requests = new Semaphore(maxConcurrency);
    this.isMounted = isMounted;
    this.worker = Thread.ofVirtual().name("background-fetch").start(this::work);
  }

  /// A layer to be fetched.
  private static final class Job {
    final LayerContent layer;
    final LayerDirectory directory;
    final long began = System.nanoTime();
    long due = began; // on the clock of System.nanoTime
    Duration pause = FIRST_RETRY;
    int looks;

    /// Slices that were asked for and have not come.
    final Phaser asked = new Phaser(1);

    /// Chunks of this attempt that could not be had.
    final AtomicInteger failed = new AtomicInteger();

    Job(LayerContent layer, LayerDirectory directory) {
      this.layer = layer;
      this.directory = directory;
    }

    void lookAgain() {
      looks++;
      due = System.nanoTime() + LOOK.toNanos();
    }

    void postpone() {
      due = System.nanoTime() + pause.toNanos();
      Duration twice = pause.multipliedBy(2);
      pause = twice.compareTo(LAST_RETRY) < 0 ? twice : LAST_RETRY;
    }
  }

  /// What came of one attempt.
  private enum Outcome {
    /// The layer is complete, or not mounted any more.
    OVER,
    /// All bytes are here, and some files still lie in parts.
    NOT_PUT_TOGETHER,
    /// Something could not be had, or not be kept.
    FAILED
  }

  /// Has a layer fetched, unless it is complete, or known already, or cannot be kept: of a layer
  /// that was not verified nothing stays.
  void add(LayerContent layer, LayerDirectory directory) {
    if (directory.isComplete() || !layer.table().verified()) {
      return;
    }
    lock.lock();
    try {
      Job former = known.get(layer.digest());
      if (former == null || former.layer != layer) {
        Job job = new Job(layer, directory);
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
        Job job = next();
        try {
          if (isMounted.test(job.layer)) {
            ask(job);
          }
        } catch (RuntimeException e) {
          job.failed.incrementAndGet();
          bug(job, e); // what was asked for before is waited for, then the layer is tried again
        }
        Thread end = Thread.ofVirtual().name("end " + job.layer.digest()).unstarted(() -> end(job));
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

  /// Waits for what was asked for, and sees what came of it.
  private void end(Job job) {
    try {
      job.asked.awaitAdvanceInterruptibly(job.asked.arrive());
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

  /// Returns what came of an attempt. A bug is a failure: else the layer would be known and neither
  /// fetched nor tried again.
  private Outcome outcome(Job job) {
    try {
      return isMounted.test(job.layer) ? finish(job) : Outcome.OVER;
    } catch (RuntimeException e) {
      bug(job, e);
      return Outcome.FAILED;
    }
  }

  private static void bug(Job job, RuntimeException failure) {
    LOGGER.log(
        Level.ERROR,
        "background fetch failed by a bug, and is tried again layer=" + job.layer.digest(),
        failure);
  }

  /// Waits for the job that is due first.
  private Job next() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (true) {
        long now = System.nanoTime();
        long wait = Long.MAX_VALUE;
        for (Job job : jobs) {
          wait = Math.min(wait, job.due - now);
          if (job.due - now <= 0) {
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

  private void again(Job job) {
    lock.lock();
    try {
      jobs.add(job);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void forget(Job job) {
    lock.lock();
    try {
      known.remove(job.layer.digest(), job);
    } finally {
      lock.unlock();
    }
  }

  /// Asks for all that is missing of a layer, a slice at a time.
  private void ask(Job job) throws InterruptedException {
    LayerContent layer = job.layer;
    ChunkSlices slices =
        new ChunkSlices(layer.table(), 0, Long.MAX_VALUE, chunk -> !layer.stored().isStored(chunk));
    job.failed.set(0);
    while (job.failed.get() == 0 && isMounted.test(layer) && hasRoom(layer)) {
      while (isStarting.getAsBoolean()) {
        Thread.sleep(PAUSE);
      }
      requests.acquire();
      List<LayerChunk> slice = slices.next(SLICE);
      if (slice.isEmpty()) {
        requests.release();
        return;
      }
      FetchTicket ticket;
      try {
        ticket = layer.fetch(slice, FetchClass.BACKGROUND);
      } catch (RuntimeException e) {
        requests.release();
        throw e;
      }
      int _ = job.asked.register();
      var _ =
          ticket
              .done()
              .thenRun(() -> {
                job.failed.addAndGet(ticket.failed());
                requests.release();
                int _ = job.asked.arriveAndDeregister();
              });
    }
  }

  /// Tells whether the store may grow: nothing that is used is to make room for what may be.
  private static boolean hasRoom(LayerContent layer) {
    BudgetStatus budget = layer.shared().store().budget();
    return budget.used() + ROOM < budget.maxSize().orElse(Long.MAX_VALUE)
        && budget.free() - ROOM > budget.minFree();
  }

  /// Sees to it that every file is whole where the kernel finds it, and notes that the layer is
  /// complete. A file whose parts do not make what the TOC promises stays in parts for ever.
  private static Outcome finish(Job job) {
    LayerContent layer = job.layer;
    layer.stored().adopt();
    for (int number = 0; number < layer.table().chunks(); number++) {
      if (!layer.stored().isStored(layer.table().chunk(number))) {
        return Outcome.FAILED;
      }
    }
    if (job.looks < LOOKS && !putTogether(layer)) {
      return Outcome.NOT_PUT_TOGETHER;
    }
    return mark(job);
  }

  /// Has every shared file of several chunks put together, and tells whether all are.
  private static boolean putTogether(LayerContent layer) {
    boolean all = true;
    for (int index = 0; index < layer.table().objects(); index++) {
      LayerObject object = layer.table().object(index);
      if (object.sharing() == LayerObject.Sharing.SHARED
          && !layer.cache().holds(object.digest(), object.size())) {
        layer.stored().completeIfHere(object);
        all = false;
      }
    }
    return all;
  }

  private static Outcome mark(Job job) {
    try {
      job.directory.markComplete();
    } catch (IOException e) {
      LOGGER.log(
          Level.WARNING,
          "layer cannot be marked complete layer={0} cause=\"{1}\"",
          job.layer.digest(),
          e.getMessage());
      return Outcome.FAILED;
    }
    LOGGER.log(
        Level.INFO,
        "layer-complete layer={0} bytes={1} millis={2}",
        job.layer.digest(),
        String.valueOf(job.layer.table().blobSize()),
        String.valueOf(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - job.began)));
    return Outcome.OVER;
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
