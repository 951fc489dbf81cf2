package dev.asterism.layers;

import java.time.Duration;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/// Fetches for all mounted layers: one [Link] for each registry host, and the figures.
///
/// See `docs/fetching.md` for what it does next. Thread-safe. Closing fails what waits for its
/// turn.
final class Scheduler implements AutoCloseable {
  /// May come in vain before anything is known.
  private static final long FREE_UNUSED = 6 << 20; // 6 MiB

  private final FetchPolicy policy;
  private final IdleMemory memory;
  private final ConcurrentMap<String, Link> links = new ConcurrentHashMap<>();
  private final UnderWay underWay = new UnderWay();
  private final Unpacking unpacking = new Unpacking();

  /// When something urgent last moved on any link, on the clock of System.nanoTime.
  private final AtomicLong lastUrgent =
      new AtomicLong(System.nanoTime() - Duration.ofHours(1).toNanos());

  private final AtomicLong lastUse = new AtomicLong(lastUrgent.get());

  private final ConcurrentMap<FetchClass, Long> bytes = new ConcurrentHashMap<>();
  private final ConcurrentMap<FetchClass, Long> requests = new ConcurrentHashMap<>();
  private final LongAdder used = new LongAdder();
  private final LongAdder unused = new LongAdder();

  Scheduler(FetchPolicy policy, IdleMemory memory) {
    this.policy = policy;
    this.memory = memory;
  }

  /// Returns the link to a registry, named as in an image reference; the same each time.
  Link link(String host) {
    return links.computeIfAbsent(host, _ -> new Link(this, policy));
  }

  /// Returns what all links together have on their way.
  UnderWay underWay() {
    return underWay;
  }

  /// Returns whose chunks are unpacked when.
  Unpacking unpacking() {
    return unpacking;
  }

  /// Lets the other links go on with what they left to one.
  void pumpOthers(Link than) {
    for (Link link : links.values()) {
      if (link != than) {
        link.pumpReleased();
      }
    }
  }

  IdleMemory memory() {
    return memory;
  }

  /// Tells whether no container has waited for anything on any link, or used what was fetched for
  /// it, for this long.
  boolean isQuiet(Duration time) {
    long since = System.nanoTime() - time.toNanos();
    return lastUrgent.get() - since <= 0
        && lastUse.get() - since <= 0
        && links.values().stream().noneMatch(Link::isUrgent);
  }

  /// Tells whether no container has waited for anything for a second.
  boolean isIdle() {
    return isQuiet(Duration.ofSeconds(1));
  }

  void noteUrgent(long now) {
    lastUrgent.accumulateAndGet(now, (a, b) -> b - a > 0 ? b : a);
  }

  long lastUrgent() {
    return lastUrgent.get();
  }

  void noteFetched(FetchedRange range) {
    bytes.merge(range.why(), range.bytes(), Long::sum);
    requests.merge(range.why(), 1L, Long::sum);
  }

  /// Notes that a container has used a chunk.
  void noteUsed(long packed) {
    used.add(packed);
    lastUse.set(System.nanoTime());
  }

  /// Notes that chunks came that were guessed; negative when one is used after all.
  void noteUnused(long packed) {
    unused.add(packed);
  }

  /// Tells whether what was guessed and was not used is within its bound: half of what was used,
  /// and a little to begin with.
  boolean isGenerous() {
    return unused.sum() <= FREE_UNUSED + used.sum() / 2;
  }

  /// Begins to count anew what is used and what is not: what was guessed for one start says nothing
  /// of the next.
  void forgetUses() {
    used.reset();
    unused.reset();
  }

  /// Returns what was fetched until now.
  FetchStats stats() {
    return new FetchStats(sums(bytes), sums(requests), used.sum(), unused.sum());
  }

  /// Returns what is being fetched, by registry.
  List<FetchReport> reports() {
    return links.entrySet().stream()
        .map(link -> link.getValue().report(link.getKey()))
        .sorted(Comparator.comparing(FetchReport::registry))
        .toList();
  }

  private static Map<FetchClass, Long> sums(Map<FetchClass, Long> counters) {
    Map<FetchClass, Long> sums = new EnumMap<>(FetchClass.class);
    for (FetchClass each : FetchClass.values()) {
      sums.put(each, counters.getOrDefault(each, 0L));
    }
    return sums;
  }

  @Override
  public void close() {
    links.values().forEach(Link::close);
  }
}
