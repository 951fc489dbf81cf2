package dev.asterism.fuse;

import dev.asterism.linux.Errno;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// Answers `EINTR` for callers that were killed while they waited.
///
/// The kernel sends one INTERRUPT per request, for the first signal, and says nothing when SIGKILL
/// follows; and a killed thread goes on waiting for its answer. So a request that was interrupted
/// once is looked at until it is answered. This runs on one thread, which sleeps while no such
/// request waits.
final class InterruptWatcher implements Runnable {
  /// How soon a killed process ends. A look costs a read of one file in `/proc` per waiting
  /// request.
  private static final Duration PERIOD = Duration.ofMillis(50);

  /// More than the time that a reader takes to register what it has read.
  private static final Duration EARLY = Duration.ofSeconds(10);

  private final Requester requester;
  private final PendingRequests requests;

  /// Empty says stop.
  private final BlockingQueue<Optional<Pending>> arrivals = new LinkedBlockingQueue<>();

  private final Set<Pending> watched = new LinkedHashSet<>();

  InterruptWatcher(Requester requester, PendingRequests requests) {
    this.requester = requester;
    this.requests = requests;
  }

  /// Watches a request from now on. Thread-safe.
  void watch(Pending request) {
    arrivals.add(Optional.of(request));
  }

  /// Ends [#run]. Thread-safe.
  void stop() {
    arrivals.add(Optional.empty());
  }

  @Override
  public void run() {
    try {
      while (take(arrivals.take()) && lookUntilSettled()) {
        requests.forgetEarly(EARLY);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Looks at what is watched, and takes what arrives meanwhile. Returns false to stop.
  private boolean lookUntilSettled() throws InterruptedException {
    long next = System.nanoTime() + PERIOD.toNanos();
    while (!watched.isEmpty()) {
      Optional<Optional<Pending>> arrival =
          Optional.ofNullable(
              arrivals.poll(Math.max(0, next - System.nanoTime()), TimeUnit.NANOSECONDS));
      if (arrival.isPresent() && !take(arrival.get())) {
        return false;
      }
      if (System.nanoTime() - next >= 0) {
        watched.removeIf(this::isSettled);
        next = System.nanoTime() + PERIOD.toNanos();
      }
    }
    return true;
  }

  /// Begins to watch what has arrived. Returns false if that was the word to stop.
  private boolean take(Optional<Pending> arrival) {
    arrival.filter(request -> !isSettled(request)).ifPresent(watched::add);
    return arrival.isPresent();
  }

  /// Answers the request if its caller is dying, and tells whether it needs no more watching.
  private boolean isSettled(Pending request) {
    if (!request.answered() && requester.isDying(request.header().pid())) {
      request.fail(Errno.EINTR);
    }
    return request.answered();
  }
}
