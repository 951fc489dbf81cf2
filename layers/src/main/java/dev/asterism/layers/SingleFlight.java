package dev.asterism.layers;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.FutureTask;

/// Runs at most one load per key at a time; callers that ask meanwhile share its outcome.
///
/// Interrupting a caller neither stops the load nor fails the others. Nothing is kept afterwards.
/// Thread-safe.
final class SingleFlight<K, V> {
  private final ConcurrentMap<K, FutureTask<V>> running = new ConcurrentHashMap<>();

  /// Returns what `load` returns, or what the load that is running for `key` returns.
  ///
  /// @throws IOException if the load failed, or the caller was interrupted while it waited
  V get(K key, Callable<V> load) throws IOException {
    FutureTask<V> mine =
        new FutureTask<>(load) {
          @Override
          protected void done() {
            running.remove(key, this);
          }
        };
    FutureTask<V> theirs = running.putIfAbsent(key, mine);
    if (theirs == null) {
      Thread.ofVirtual().name("load " + key).start(mine);
      theirs = mine;
    }
    return Waits.get(theirs, String.valueOf(key));
  }
}
