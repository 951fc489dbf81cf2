package dev.asterism.cache;

import java.io.IOException;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/// The running counts behind [CacheCounters]; logs trouble as it is counted. Thread-safe.
///
/// A full disk refuses every write, and there are many: each cause is logged once a minute, with
/// the number of those that were not.
final class Tally {
  private static final System.Logger LOG = System.getLogger(Tally.class.getName());
  private static final long QUIET_MILLIS = 60_000;

  final LongAdder filesAdded = new LongAdder();
  final LongAdder bytesAdded = new LongAdder();
  final LongAdder linksMade = new LongAdder();
  final LongAdder bytesShared = new LongAdder();
  final LongAdder secondInodes = new LongAdder();
  final LongAdder filesCompleted = new LongAdder();
  final LongAdder bytesCloned = new LongAdder();
  final LongAdder syncs = new LongAdder();
  final LongAdder restored = new LongAdder();
  final LongAdder damaged = new LongAdder();
  final LongAdder filesEvicted = new LongAdder();
  final LongAdder bytesEvicted = new LongAdder();

  private final Map<CachedChunk.Source, LongAdder> hits = new EnumMap<>(CachedChunk.Source.class);
  private final LongAdder misses = new LongAdder();

  /// Links that were refused, by errno: what link(2) can answer is a short list.
  private final ConcurrentHashMap<Integer, LongAdder> linkErrnos = new ConcurrentHashMap<>();

  private final InstantSource clock;
  private final Failures links = new Failures("link");
  private final Failures writes = new Failures("write");
  private final Failures reads = new Failures("read");
  private final Failures unlinks = new Failures("unlink");

  Tally(InstantSource clock) {
    this.clock = clock;
    for (CachedChunk.Source source : CachedChunk.Source.values()) {
      hits.put(source, new LongAdder());
    }
  }

  /// Counts a look-up, by where the chunk was found.
  void looked(Optional<CachedChunk.Source> found) {
    found.flatMap(source -> Optional.ofNullable(hits.get(source))).orElse(misses).increment();
  }

  /// Returns the look-ups that found something, by where; those of all sources.
  Map<CachedChunk.Source, Long> hits() {
    Map<CachedChunk.Source, Long> counts = new EnumMap<>(CachedChunk.Source.class);
    hits.forEach((source, count) -> counts.put(source, count.sum()));
    return counts;
  }

  /// Returns the look-ups that found nothing.
  long misses() {
    return misses.sum();
  }

  /// Counts a link that was refused.
  Cause linkFailed(int errno, String path) {
    linkErrnos.computeIfAbsent(errno, _ -> new LongAdder()).increment();
    return links.add(Cause.of(errno), path);
  }

  /// Counts a write that was refused.
  Cause writeFailed(Cause cause, String path) {
    return writes.add(cause, path);
  }

  /// Counts a file that could not be read.
  void readFailed(String path, IOException failure) {
    reads.add(Cause.of(failure), path);
  }

  /// Counts a name that could not be removed.
  void unlinkFailed(int errno, String path) {
    unlinks.add(Cause.of(errno), path);
  }

  /// Counts a file whose bytes are not what its digest says.
  void foundDamaged(String path, String why) {
    damaged.increment();
    LOG.log(System.Logger.Level.WARNING, "cache file damaged path={0} why=\"{1}\"", path, why);
  }

  CacheCounters snapshot() {
    return new CacheCounters(
        filesAdded.sum(),
        bytesAdded.sum(),
        linksMade.sum(),
        bytesShared.sum(),
        secondInodes.sum(),
        filesCompleted.sum(),
        bytesCloned.sum(),
        syncs.sum(),
        restored.sum(),
        damaged.sum(),
        links.snapshot(),
        linkErrnos.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, errno -> errno.getValue().sum())),
        writes.snapshot(),
        reads.snapshot());
  }

  /// Failures of one operation, by cause.
  private final class Failures {
    private final String what;
    private final Map<Cause, Line> lines = new EnumMap<>(Cause.class);

    Failures(String what) {
      this.what = what;
      for (Cause cause : Cause.values()) {
        lines.put(cause, new Line());
      }
    }

    Cause add(Cause cause, String path) {
      Optional.ofNullable(lines.get(cause))
          .map(Line::add)
          .filter(unlogged -> unlogged > 0)
          .ifPresent(unlogged ->
              LOG.log(
                  System.Logger.Level.WARNING,
                  "cache {0} failed cause={1} path={2} failures={3}",
                  what,
                  cause,
                  path,
                  String.valueOf(unlogged)));
      return cause;
    }

    Map<Cause, Long> snapshot() {
      Map<Cause, Long> snapshot = new EnumMap<>(Cause.class);
      lines.forEach((cause, line) -> {
        if (line.count.get() > 0) {
          snapshot.put(cause, line.count.get());
        }
      });
      return snapshot;
    }
  }

  private final class Line {
    private final AtomicLong count = new AtomicLong();
    private final AtomicLong logged = new AtomicLong();
    private final AtomicLong quietUntil = new AtomicLong(Long.MIN_VALUE);

    /// Counts one and returns how many a log line should tell of now, 0 for no line.
    long add() {
      long total = count.incrementAndGet();
      long now = clock.millis();
      long until = quietUntil.get();
      return now >= until && quietUntil.compareAndSet(until, now + QUIET_MILLIS)
          ? total - logged.getAndSet(total)
          : 0;
    }
  }
}
