package dev.asterism.layers;

import dev.asterism.content.Trace;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/// Runs at most one load per key at a time; callers that ask meanwhile share its outcome.
///
/// Interrupting a caller neither stops the load nor fails the others. Nothing is kept afterwards:
/// who asks after somebody has heard the outcome starts another load. Thread-safe.
final class SingleFlight<K, V> {
  private final ConcurrentMap<K, CompletableFuture<V>> running = new ConcurrentHashMap<>();

  /// Returns what `load` returns, or what the load that is running for `key` returns.
  ///
  /// @throws IOException if the load failed, or the caller was interrupted while it waited
  V get(K key, Callable<V> load) throws IOException {
    CompletableFuture<V> mine = new CompletableFuture<>();
    CompletableFuture<V> theirs = running.putIfAbsent(key, mine);
    if (theirs == null) {
      Callable<V> traced = Trace.carry(load);
      Thread.ofVirtual().name("load " + key).start(() -> run(key, traced, mine));
      theirs = mine;
    }
    return Waits.get(theirs, String.valueOf(key));
  }

  private void run(K key, Callable<V> load, CompletableFuture<V> outcome) {
    try {
      V value = load.call();
      running.remove(key, outcome);
      outcome.complete(value);
    } catch (Throwable e) { // whatever it is, the callers wait for it
      running.remove(key, outcome);
      outcome.completeExceptionally(e);
    }
  }
}
