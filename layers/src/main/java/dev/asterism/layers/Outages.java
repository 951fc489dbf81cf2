package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.asterism.content.Digest;
import dev.asterism.content.TransientFailure;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// Registries that are away: which, since when, and who waits for them.
///
/// An outage begins when something that may pass kept a chunk away, and ends when the next range
/// comes from the same host. Both are logged, at most once a minute for each host. Waiting calls
/// repeat what they tried, after pauses that grow, and at once when an outage ends. Thread-safe.
final class Outages implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(Outages.class.getName());

  /// Even when an outage has just ended: another layer's bytes may have come, and these may not.
  private static final Duration LEAST_PAUSE = Duration.ofMillis(200);

  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /// Between two lines about one host.
  private static final Duration LINES_APART = Duration.ofMinutes(1);

  /// Outages that have ended and are remembered.
  private static final int KEPT = 64;

  private final OutagePolicy policy;
  private final InstantSource clock;
  private final ReentrantLock lock = new ReentrantLock();

  /// Signalled when an outage ends, and when nothing is waited for any more.
  private final Condition changed = lock.newCondition();

  @GuardedBy("lock")
  private final Map<String, Outage> away = new HashMap<>();

  @GuardedBy("lock")
  private final Map<String, Integer> waiting = new HashMap<>();

  @GuardedBy("lock")
  private final Map<String, Instant> logged = new HashMap<>();

  @GuardedBy("lock")
  private final Deque<OutageReport> former = new ArrayDeque<>();

  /// Spares the lock while no registry is away, which is nearly always.
  private volatile boolean any;

  @GuardedBy("lock")
  private long ends;

  @GuardedBy("lock")
  private boolean closed;

  /// @param policy for layers that say nothing else
  Outages(OutagePolicy policy, InstantSource clock) {
    this.policy = policy;
    this.clock = clock;
  }

  /// What was wanted when an outage was noticed.
  record Outage(
      String image,
      Digest layer,
      String file,
      long start,
      long end,
      String cause,
      Instant since,
      boolean said) {}

  /// What may have to be tried several times.
  @FunctionalInterface
  interface Attempt<T> {
    T run() throws IOException;
  }

  OutagePolicy policy() {
    return policy;
  }

  /// Tries until it succeeds, until it fails for good, or as long as the most patient of the layers
  /// says.
  ///
  /// @param lister tells who can deliver; asked after a failure only
  /// @throws IOException what the last attempt threw
  <T> T waitOut(Caller caller, Supplier<List<LayerContent>> lister, Attempt<T> attempt)
      throws IOException {
    long began = System.nanoTime();
    Duration pause = LEAST_PAUSE;
    while (true) {
      long seen = ends();
      try {
        return attempt.run();
      } catch (IOException e) {
        List<LayerContent> layers = lister.get();
        Duration left = left(began, layers);
        if (left.isZero() || !TransientFailure.in(e) || caller.isGone()) {
          throw e;
        }
        Set<String> hosts =
            layers.stream().map(LayerContent::host).collect(Collectors.toUnmodifiableSet());
        if (!pause(hosts, pause.compareTo(left) < 0 ? pause : left, seen)) {
          throw e;
        }
        Duration twice = pause.multipliedBy(2);
        pause = twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
      }
    }
  }

  private static Duration left(long began, List<LayerContent> layers) {
    OutagePolicy longest =
        layers.stream()
            .map(LayerContent::outagePolicy)
            .reduce(OutagePolicy.FAIL, OutagePolicy::orLonger);
    Duration left = longest.patience().minusNanos(System.nanoTime() - began);
    return left.isNegative() ? Duration.ZERO : left;
  }

  private long ends() {
    lock.lock();
    try {
      return ends;
    } finally {
      lock.unlock();
    }
  }

  /// Waits so long, or until an outage ends that had not when `seen` was read.
  ///
  /// @return false if nothing is waited for any more
  private boolean pause(Set<String> hosts, Duration time, long seen) throws InterruptedIOException {
    lock.lock();
    try {
      countWaiting(hosts, 1);
      boolean goOn = awaitEnd(time.toNanos(), seen);
      countWaiting(hosts, -1);
      return goOn;
    } catch (InterruptedException e) {
      countWaiting(hosts, -1);
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted =
          new InterruptedIOException("interrupted while a registry was away");
      interrupted.initCause(e);
      throw interrupted;
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void countWaiting(Set<String> hosts, int change) {
    for (String host : hosts) {
      waiting.merge(host, change, (one, other) -> one + other == 0 ? null : one + other);
    }
  }

  @GuardedBy("lock")
  private boolean awaitEnd(long nanos, long seen) throws InterruptedException {
    long began = System.nanoTime();
    long passed = 0;
    while (!closed) {
      long until = ends == seen ? nanos : Math.min(nanos, LEAST_PAUSE.toNanos());
      if (passed >= until) {
        break;
      }
      long _ = changed.awaitNanos(until - passed);
      passed = System.nanoTime() - began;
    }
    return !closed;
  }

  /// Notes that a chunk could not be had, for a reason that may pass.
  void failed(LayerContent layer, LayerChunk chunk, IOException cause) {
    if (isAway(layer.host())) {
      return;
    }
    String file = layer.fileName(chunk); // slow, and once for an outage
    lock.lock();
    try {
      if (away.containsKey(layer.host())) {
        return;
      }
      Instant now = clock.instant();
      Instant last = logged.getOrDefault(layer.host(), Instant.EPOCH);
      boolean said = Duration.between(last, now).compareTo(LINES_APART) >= 0;
      if (said) {
        logged.put(layer.host(), now);
      }
      Outage outage =
          new Outage(
              layer.image(),
              layer.digest(),
              file,
              chunk.fileOffset(),
              chunk.fileEnd(),
              String.valueOf(cause.getMessage()),
              now,
              said);
      away.put(layer.host(), outage);
      any = true;
      log(said ? Level.WARNING : Level.DEBUG, layer.host(), outage);
    } finally {
      lock.unlock();
    }
  }

  private static void log(Level level, String host, Outage outage) {
    LOGGER.log(
        level,
        "registry-away registry={0} image={1} layer={2} file=\"{3}\" range={4}-{5} since={6} cause=\"{7}\"",
        host,
        outage.image(),
        outage.layer(),
        outage.file(),
        String.valueOf(outage.start()),
        String.valueOf(outage.end()),
        outage.since(),
        outage.cause());
  }

  /// Tells whether an outage of a host goes on.
  boolean isAway(String host) {
    lock.lock();
    try {
      return away.containsKey(host);
    } finally {
      lock.unlock();
    }
  }

  /// Notes that a range has come from a host.
  void answered(String host) {
    if (!any) {
      return;
    }
    lock.lock();
    try {
      Optional<Outage> over = Optional.ofNullable(away.remove(host));
      any = !away.isEmpty();
      over.ifPresent(outage -> ended(host, outage));
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void ended(String host, Outage outage) {
    Instant now = clock.instant();
    int waited = waiting.getOrDefault(host, 0);
    former.addFirst(report(host, outage, Optional.of(now), waited));
    if (former.size() > KEPT) {
      former.removeLast();
    }
    ends++;
    changed.signalAll();
    LOGGER.log(
        outage.said() ? Level.INFO : Level.DEBUG,
        "registry-back registry={0} since={1} millis={2} waiting={3}",
        host,
        outage.since(),
        String.valueOf(Duration.between(outage.since(), now).toMillis()),
        String.valueOf(waited));
  }

  private static OutageReport report(
      String host, Outage outage, Optional<Instant> ended, int waiting) {
    return new OutageReport(
        host,
        outage.image(),
        outage.layer(),
        outage.file(),
        outage.start(),
        outage.end(),
        outage.cause(),
        outage.since(),
        ended,
        waiting);
  }

  /// Returns the outages that go on, and then those that have ended, the last one first.
  List<OutageReport> reports() {
    lock.lock();
    try {
      List<OutageReport> all = new ArrayList<>(away.size() + former.size());
      away.forEach((host, outage) ->
          all.add(report(host, outage, Optional.empty(), waiting.getOrDefault(host, 0))));
      all.addAll(former);
      return all;
    } finally {
      lock.unlock();
    }
  }

  /// Ends all waiting: what is waited for fails as it failed last.
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
