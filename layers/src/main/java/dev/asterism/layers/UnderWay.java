package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// What is being fetched over all links together, by what it is: what nobody waits for is left to
/// the link that has it on its way. Thread-safe; calls nothing that waits.
final class UnderWay {
  /// @param since when its range was asked for
  private record Fetch(FetchQueue over, long since) {}

  /// All that is under way of one chunk.
  private static final class Fetches {
    private final Map<Want, Fetch> running = new HashMap<>();

    /// Are told when one of them has ended.
    private final Set<FetchQueue> told = new HashSet<>();
  }

  @GuardedBy("this")
  private final Map<Want.Name, Fetches> fetches = new HashMap<>();

  /// Notes that a chunk is being fetched, unless it is left to another link. Whatever is answered,
  /// a link beside which another one fetches the chunk is told when that has ended.
  ///
  /// @param patience for how long it is left to another link since that has asked for it; 0 for
  ///   what is fetched at once
  /// @return false if it is left to another link: nothing was noted
  synchronized boolean begin(Want want, FetchQueue over, long now, long patience) {
    if (!want.name().isContent()) {
      return true; // no other layer's chunk is this one
    }
    Fetches of = fetches.computeIfAbsent(want.name(), _ -> new Fetches());
    boolean left = false;
    for (Fetch each : of.running.values()) {
      if (each.over != over) {
        of.told.add(over);
        left |= patience > 0 && now - each.since < patience;
      }
    }
    if (!left) {
      of.running.put(want, new Fetch(over, now));
    }
    return !left;
  }

  /// Notes that a fetch has ended, well or not.
  synchronized void end(Want want) {
    Fetches of = fetches.get(want.name());
    if (of == null || of.running.remove(want) == null) {
      return;
    }
    of.told.forEach(over -> over.release(want.name()));
    of.told.clear();
    if (of.running.isEmpty()) {
      fetches.remove(want.name());
    }
  }
}
