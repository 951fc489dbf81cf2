package dev.asterism.layers;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLongArray;

/// Which chunks of a layer containers have used, as far as the gate sees it, and which came without
/// being asked for and were not used since.
///
/// One bit a chunk, and an entry for each of those that came unasked, which are bounded.
/// Thread-safe.
final class Uses {
  /// More are not worth watching.
  private static final int MAX_UNASKED = 1 << 14;

  private final AtomicLongArray used;
  private final Set<Integer> unasked = ConcurrentHashMap.newKeySet();

  Uses(int chunks) {
    used = new AtomicLongArray(chunks / Long.SIZE + 1);
  }

  /// Notes a use, and tells whether it is the first.
  boolean use(int chunk) {
    long bit = 1L << chunk;
    return (used.getAndAccumulate(chunk / Long.SIZE, bit, (a, b) -> a | b) & bit) == 0;
  }

  /// Tells whether a use was seen.
  boolean isUsed(int chunk) {
    return (used.get(chunk / Long.SIZE) & 1L << chunk) != 0;
  }

  /// Notes that a chunk has come without being asked for, and tells whether that is remembered.
  boolean addUnasked(int chunk) {
    return unasked.size() < MAX_UNASKED && !isUsed(chunk) && unasked.add(chunk);
  }

  /// Notes that one is not of that kind any more, and tells whether it was.
  boolean removeUnasked(int chunk) {
    return unasked.remove(chunk);
  }

  /// Returns those that came unasked, and watches them no longer.
  List<Integer> takeUnasked() {
    List<Integer> all = List.copyOf(unasked);
    all.forEach(unasked::remove);
    return all;
  }
}
