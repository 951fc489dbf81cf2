package dev.asterism.fuse;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/// The requests that wait for an answer, by `unique`. Thread-safe.
///
/// One reader may get an INTERRUPT before another has registered the request that it is about, so
/// an interrupt that finds nothing is kept for the request to find. Most of these are about
/// requests that have just been answered and find nobody; [#forgetEarly] throws them away.
final class PendingRequests {
  /// Enough for every thread of a large machine; beyond it, an early interrupt is lost.
  private static final int MAX_EARLY = 65_536;

  private final ConcurrentMap<Long, Pending> pending = new ConcurrentHashMap<>();

  /// When the interrupt came, by [System#nanoTime].
  private final ConcurrentMap<Long, Long> early = new ConcurrentHashMap<>();

  /// Set when nobody here answers any more.
  private volatile boolean abandoned;

  /// Registers a request and tells whether it has been interrupted before.
  boolean add(Pending request) {
    pending.put(request.header().unique(), request);
    if (abandoned) {
      request.abandon(); // who abandoned the others may not have seen this one
    }
    return !early.isEmpty() && early.remove(request.header().unique()) != null;
  }

  /// Finds the request that an INTERRUPT is about; else keeps the interrupt.
  Optional<Pending> interrupted(long unique) {
    Pending found = pending.get(unique);
    if (found != null) {
      return Optional.of(found);
    }
    if (early.size() < MAX_EARLY) {
      early.put(unique, System.nanoTime());
    }
    // Registered since the first look: then whoever takes the mark away deals with it.
    Pending late = pending.get(unique);
    return late != null && early.remove(unique) != null ? Optional.of(late) : Optional.empty();
  }

  void remove(Pending request) {
    pending.remove(request.header().unique(), request);
  }

  /// Tells whether there are interrupts that found nothing.
  boolean hasEarly() {
    return !early.isEmpty();
  }

  /// Throws those away that are older than `age`: their requests were answered before.
  void forgetEarly(Duration age) {
    long now = System.nanoTime();
    early.values().removeIf(since -> now - since > age.toNanos());
  }

  /// Sees to it that nobody answers what waits, or is added later: another process will.
  void abandonAll() {
    abandoned = true;
    pending.values().forEach(Pending::abandon);
  }

  /// Returns how many wait.
  int size() {
    return pending.size();
  }
}
