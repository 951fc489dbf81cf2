package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
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
  private final Map<WaitCause, StartRecord.Cause> causes = new EnumMap<>(WaitCause.class);

  @GuardedBy("this")
  private final List<Paused> pauses = new ArrayList<>();

  @GuardedBy("this")
  private long unlistedPauses;

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
  private final List<StartRecord.Request> ranges = new ArrayList<>();

  @GuardedBy("this")
  private long unlistedRanges;

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

  /// The waits for a file.
  private record Waited(LayerContent layer, int object, Map<WaitCause, StartRecord.Cause> causes) {
    /// Returns them without regard to what each was for.
    StartRecord.Cause all() {
      return causes.values().stream()
          .reduce(
              StartRecord.Cause.NONE,
              (one, other) ->
                  new StartRecord.Cause(
                      one.calls() + other.calls(),
                      one.time().plus(other.time()),
                      one.bytes() + other.bytes(),
                      one.requests() + other.requests()));
    }

    /// Returns what most of the time was for.
    WaitCause main() {
      return causes.entrySet().stream()
          .max(Comparator.comparing(each -> each.getValue().time()))
          .orElseThrow()
          .getKey();
    }
  }

  /// @param end after the start's beginning
  private record Paused(LayerContent layer, int object, Duration end, CallWait told) {}

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

  synchronized void waited(LayerContent layer, LayerChunk chunk, CallWait wait) {
    last = System.nanoTime();
    waitCount++;
    waitedNanos += wait.time().toNanos();
    failures += wait.came() ? 0 : 1;
    add(causes, chunk, wait);
    Key key = new Key(layer.digest(), chunk.object());
    if (waits.containsKey(key) || waits.size() < MAX_USES) {
      Waited file =
          waits.computeIfAbsent(
              key, _ -> new Waited(layer, chunk.object(), new EnumMap<>(WaitCause.class)));
      add(file.causes(), chunk, wait);
    }
    if (pauses.size() < StartRecord.MAX_PAUSES) {
      pauses.add(new Paused(layer, chunk.object(), age(last), wait));
    } else {
      unlistedPauses++;
    }
  }

  private static void add(
      Map<WaitCause, StartRecord.Cause> causes, LayerChunk chunk, CallWait wait) {
    StartRecord.Cause former = causes.getOrDefault(wait.cause(), StartRecord.Cause.NONE);
    causes.put(wait.cause(), former.plus(wait, Batch.packed(chunk)));
  }

  synchronized void arrived(LayerContent layer, LayerChunk chunk, FetchClass why) {
    Key key = new Key(layer.digest(), chunk.number());
    if (why != FetchClass.BACKGROUND && !uses.containsKey(key) && unused.size() < MAX_USES) {
      unused.put(key, Batch.packed(chunk));
    }
  }

  synchronized void fetched(LayerContent layer, FetchedRange range) {
    bytes.merge(range.why(), range.bytes(), Long::sum);
    requests.merge(range.why(), 1L, Long::sum);
    if (ranges.size() >= StartRecord.MAX_REQUESTS) {
      unlistedRanges++;
      return;
    }
    Duration end = age(System.nanoTime());
    ranges.add(
        new StartRecord.Request(
            before(end, range.took()),
            before(end, range.took().minus(range.untilAnswer())),
            end,
            layer.digest(),
            range.range(),
            range.bytes(),
            range.why(),
            range.whole()));
  }

  /// Returns a moment so long before another one; what began before the start begins with it.
  private static Duration before(Duration end, Duration time) {
    return time.compareTo(end) < 0 ? end.minus(time) : Duration.ZERO;
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
    Map<Key, String> known = new HashMap<>();
    List<StartRecord.Wait> named =
        longest.stream()
            .map(wait -> {
              StartRecord.Cause all = wait.all();
              return new StartRecord.Wait(
                  name(names, known, wait.layer(), wait.object()),
                  all.calls(),
                  all.time(),
                  all.bytes(),
                  all.requests(),
                  wait.main());
            })
            .toList();
    List<StartRecord.Pause> paused =
        pauses().stream()
            .map(pause ->
                new StartRecord.Pause(
                    before(pause.end(), pause.told().time()),
                    pause.end(),
                    name(names, known, pause.layer(), pause.object()),
                    pause.told().requests(),
                    pause.told().cause()))
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
          causes,
          named,
          bytes,
          requests,
          new StartRecord.Timeline(ranges, unlistedRanges, paused, unlistedPauses));
    }
  }

  private static String name(Names names, Map<Key, String> known, LayerContent layer, int object) {
    return known.computeIfAbsent(
        new Key(layer.digest(), object), _ -> names.of(layer, layer.table().object(object)));
  }

  private synchronized List<Paused> pauses() {
    return List.copyOf(pauses);
  }

  private synchronized List<Waited> longestWaits() {
    return waits.values().stream()
        .map(wait -> new Waited(wait.layer(), wait.object(), new EnumMap<>(wait.causes())))
        .sorted(Comparator.comparing((Waited wait) -> wait.all().time()).reversed())
        .limit(StartRecord.MAX_WAITS)
        .toList();
  }
}
