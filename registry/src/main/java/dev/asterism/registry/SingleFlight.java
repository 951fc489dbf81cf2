package dev.asterism.registry;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Runs at most one load per key at a time; callers that ask meanwhile share its outcome.
///
/// A load has a thread of its own: interrupting a caller, or its running out of time, neither stops
/// the load nor fails the others. Nothing is kept afterwards. Thread-safe.
final class SingleFlight<K, V> {
  private final ThreadFactory threads;
  private final ConcurrentHashMap<K, FutureTask<V>> inFlight = new ConcurrentHashMap<>();

  SingleFlight(ThreadFactory threads) {
    this.threads = threads;
  }

  V get(K key, Duration longest, Callable<V> load)
      throws ExecutionException, InterruptedException, TimeoutException {
    FutureTask<V> mine =
        new FutureTask<>(() -> {
          try {
            return load.call();
          } finally {
            inFlight.remove(key); // before anybody has the outcome: who asks after that, asks anew
          }
        });
    FutureTask<V> theirs = inFlight.putIfAbsent(key, mine);
    if (theirs == null) {
      threads.newThread(mine).start();
    }
    return (theirs == null ? mine : theirs).get(longest.toNanos(), TimeUnit.NANOSECONDS);
  }
}
