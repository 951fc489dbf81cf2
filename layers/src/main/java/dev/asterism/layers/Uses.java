package dev.asterism.layers;

import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLongArray;

/// Which chunks of a layer containers have used, as far as the gate sees it, and which came without
/// being asked for and were not used since.
///
/// One bit a chunk, two where an earlier start was recorded, and an entry for each of those that
/// came unasked, which are bounded. Thread-safe.
final class Uses {
  /// More are not worth watching.
  private static final int MAX_UNASKED = 1 << 14;

  private final AtomicLongArray used;

  /// Those that an earlier start used; made when that is said. Empty for most layers.
  private volatile AtomicLongArray learned = new AtomicLongArray(0);

  private final int chunks;

  /// What each counts as guessed in vain, in compressed bytes.
  private final ConcurrentMap<Integer, Long> unasked = new ConcurrentHashMap<>();

  Uses(int chunks) {
    this.chunks = chunks;
    used = new AtomicLongArray(chunks / Long.SIZE + 1);
  }

  /// Notes that an earlier start used these chunks.
  synchronized void learn(List<LayerChunk> all) {
    if (learned.length() == 0) {
      learned = new AtomicLongArray(chunks / Long.SIZE + 1);
    }
    AtomicLongArray bits = learned;
    for (LayerChunk chunk : all) {
      long bit = 1L << chunk.number();
      long _ = bits.getAndAccumulate(chunk.number() / Long.SIZE, bit, (a, b) -> a | b);
    }
  }

  /// Tells whether an earlier start used a chunk, as far as that was said.
  boolean isLearned(int chunk) {
    AtomicLongArray bits = learned;
    return bits.length() > 0 && (bits.get(chunk / Long.SIZE) & 1L << chunk) != 0;
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
  ///
  /// @param guessed as what it counts until it is used, in compressed bytes; 0 if it was said that
  ///   it will be used
  boolean addUnasked(int chunk, long guessed) {
    return unasked.size() < MAX_UNASKED
        && !isUsed(chunk)
        && unasked.putIfAbsent(chunk, guessed) == null;
  }

  /// Tells whether a chunk came unasked and counts nothing: it was said that it will be used.
  boolean isForetold(int chunk) {
    return unasked.getOrDefault(chunk, 1L) == 0;
  }

  /// Notes that one is not of that kind any more, and returns as what it counted; empty if it was
  /// not of that kind.
  OptionalLong removeUnasked(int chunk) {
    Long guessed = unasked.remove(chunk);
    return guessed == null ? OptionalLong.empty() : OptionalLong.of(guessed);
  }

  /// Returns those that came unasked.
  List<Integer> unasked() {
    return List.copyOf(unasked.keySet());
  }
}
