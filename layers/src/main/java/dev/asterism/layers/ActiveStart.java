package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedSet;

/// A start while it goes on: what its containers used and waited for, and what came. Bounded.
/// Thread-safe.
final class ActiveStart {
  /// More uses of chunks are not noted.
  private static final int MAX_USES = 1 << 16;

  private final String image;
  private final Instant began;
  private final long begin = System.nanoTime();

  @GuardedBy("this")
  private SequencedSet<Digest> layers = new LinkedHashSet<>();

  @GuardedBy("this")
  private Optional<Replay> replay = Optional.empty();

  @GuardedBy("this")
  private OptionalLong mounted = OptionalLong.empty();

  @GuardedBy("this")
  private long last = begin;

  @GuardedBy("this")
  private final Map<Key, Use> uses = new LinkedHashMap<>();

  @GuardedBy("this")
  private final Map<Key, Long> unused = new HashMap<>();

  @GuardedBy("this")
  private final Map<Key, Waited> waits = new HashMap<>();

  @GuardedBy("this")
  private long waitCount;

  @GuardedBy("this")
  private long failures;

  @GuardedBy("this")
  private long waitedNanos;

  @GuardedBy("this")
  private final Map<FetchClass, Long> bytes = new EnumMap<>(FetchClass.class);

  @GuardedBy("this")
  private final Map<FetchClass, Long> requests = new EnumMap<>(FetchClass.class);

  @GuardedBy("this")
  private final List<StartRecord.Request> timeline = new ArrayList<>();

  ActiveStart(String image, Instant began) {
    this.image = image;
    this.began = began;
  }

  /// A chunk of a layer, or one of its objects: a number of either.
  private record Key(Digest layer, int number) {}

  /// The first use of a chunk.
  ///
  /// @param time nanoseconds after the start's beginning
  record Use(LayerContent layer, LayerChunk chunk, long time) {}

  private record Waited(LayerContent layer, int object, int calls, long nanos, long bytes) {
    Waited plus(long more, long moreBytes) {
      return new Waited(layer, object, calls + 1, nanos + more, bytes + moreBytes);
    }
  }

  String image() {
    return image;
  }

  Instant began() {
    return began;
  }

  /// Returns its layers: of the chain that was mounted, else those that were prepared until now.
  synchronized List<Digest> layers() {
    return List.copyOf(layers);
  }

  synchronized boolean has(Digest layer) {
    return layers.contains(layer);
  }

  synchronized void prepared(Digest layer) {
    if (mounted.isEmpty()) {
      layers.add(layer);
      last = System.nanoTime();
    }
  }

  /// A container is mounted over these layers.
  synchronized void mounted(List<Digest> chain) {
    layers = new LinkedHashSet<>(chain);
    last = System.nanoTime();
    if (mounted.isEmpty()) {
      mounted = OptionalLong.of(last - begin);
    }
  }

  synchronized boolean isMounted() {
    return mounted.isPresent();
  }

  synchronized Optional<Replay> replay() {
    return replay;
  }

  synchronized void replay(Replay started) {
    replay = Optional.of(started);
  }

  /// Tells for how long nothing has happened, and how long it has lasted.
  synchronized Duration quiet(long now) {
    return Duration.ofNanos(now - last);
  }

  Duration age(long now) {
    return Duration.ofNanos(now - begin);
  }

  synchronized void used(LayerContent layer, LayerChunk chunk) {
    if (mounted.isEmpty() || uses.size() >= MAX_USES) {
      return;
    }
    last = System.nanoTime();
    Key key = new Key(layer.digest(), chunk.number());
    uses.putIfAbsent(key, new Use(layer, chunk, last - begin));
    unused.remove(key);
  }

  synchronized void waited(LayerContent layer, LayerChunk chunk, Duration time, boolean came) {
    last = System.nanoTime();
    waitCount++;
    waitedNanos += time.toNanos();
    failures += came ? 0 : 1;
    Key key = new Key(layer.digest(), chunk.object());
    if (waits.containsKey(key) || waits.size() < MAX_USES) {
      Waited former = waits.getOrDefault(key, new Waited(layer, chunk.object(), 0, 0, 0));
      waits.put(key, former.plus(time.toNanos(), Batch.packed(chunk)));
    }
  }

  synchronized void arrived(LayerContent layer, LayerChunk chunk, FetchClass why) {
    Key key = new Key(layer.digest(), chunk.number());
    if (why != FetchClass.BACKGROUND && !uses.containsKey(key) && unused.size() < MAX_USES) {
      unused.put(key, Batch.packed(chunk));
    }
  }

  synchronized void fetched(LayerContent layer, ByteRange range, FetchClass why, Duration took) {
    bytes.merge(why, range.length(), Long::sum);
    requests.merge(why, 1L, Long::sum);
    if (timeline.size() < StartRecord.MAX_REQUESTS) {
      Duration end = age(System.nanoTime());
      Duration from = took.compareTo(end) < 0 ? end.minus(took) : Duration.ZERO;
      timeline.add(new StartRecord.Request(from, end, layer.digest(), range, why));
    }
  }

  /// Returns the uses until now, the first one first.
  synchronized List<Use> uses() {
    return List.copyOf(uses.values());
  }

  /// Returns when the container was mounted, in nanoseconds after the beginning.
  synchronized long mountedAt() {
    return mounted.orElse(0);
  }

  /// How a record finds the name of a file. May be slow.
  interface Names {
    String of(LayerContent layer, LayerObject object);
  }

  /// Returns what happened until now.
  StartRecord record(Names names) {
    List<Waited> longest = longestWaits();
    List<StartRecord.Wait> named =
        longest.stream()
            .map(wait ->
                new StartRecord.Wait(
                    names.of(wait.layer(), wait.layer().table().object(wait.object())),
                    wait.calls(),
                    Duration.ofNanos(wait.nanos()),
                    wait.bytes()))
            .toList();
    synchronized (this) {
      return new StartRecord(
          image,
          began,
          Duration.ofNanos(mounted.orElse(0)),
          Duration.ofNanos(last - begin),
          uses.values().stream()
              .map(use -> new Key(use.layer().digest(), use.chunk().object()))
              .distinct()
              .count(),
          uses.values().stream().mapToLong(use -> Batch.packed(use.chunk())).sum(),
          unused.values().stream().mapToLong(Long::longValue).sum(),
          waitCount,
          Duration.ofNanos(waitedNanos),
          failures,
          named,
          bytes,
          requests,
          timeline);
    }
  }

  private synchronized List<Waited> longestWaits() {
    return waits.values().stream()
        .sorted(Comparator.comparingLong(Waited::nanos).reversed())
        .limit(StartRecord.MAX_WAITS)
        .toList();
  }
}
