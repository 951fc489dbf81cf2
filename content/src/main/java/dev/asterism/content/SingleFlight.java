package dev.asterism.content;

import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.BiConsumer;

/// Runs at most one load per key at a time; callers that ask meanwhile share its outcome.
///
/// A load has a thread of its own: a caller that is interrupted, or has waited for long enough,
/// neither stops it nor fails the others. Nothing is kept afterwards: who asks after somebody has
/// heard the outcome starts another load. Thread-safe.
///
/// @param <K> compared by `equals`
/// @param <V> what a load returns
public final class SingleFlight<K, V> {
  private final BiConsumer<K, Runnable> starter;
  private final ConcurrentMap<K, FutureTask<V>> running = new ConcurrentHashMap<>();

  /// @param starter starts a thread for the load of a key
  public SingleFlight(BiConsumer<K, Runnable> starter) {
    this.starter = starter;
  }

  /// Returns the outcome of `load`, or that of the load that is running for `key`. What a load
  /// throws is the cause of each caller's `ExecutionException`, the same object for all.
  ///
  /// @return not to be cancelled: others may wait for it
  public Future<V> get(K key, Callable<V> load) {
    FutureTask<V> mine =
        new FutureTask<>(() -> {
          try {
            return load.call();
          } finally {
            running.remove(key); // before anybody has the outcome: who asks after that, asks anew
          }
        });
    FutureTask<V> theirs = running.putIfAbsent(key, mine);
    if (theirs != null) {
      return theirs;
    }
    starter.accept(key, mine);
    return mine;
  }
}
