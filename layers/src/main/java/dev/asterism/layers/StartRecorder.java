package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/// Watches starts: replays what an earlier one read, and writes down what this one does.
///
/// Which image a container is of, its mount does not say: it is the one that its top layer was
/// prepared for last. Two images that start at once and share a layer both get what is used of it.
/// Thread-safe; owns a virtual thread, which ends with [#close].
final class StartRecorder implements FetchListener, AutoCloseable {
  private static final Logger LOGGER = System.getLogger(StartRecorder.class.getName());

  /// A start is over when it was quiet for so long; before what came unasked is promoted.
  private static final Duration QUIET = Duration.ofSeconds(4);

  /// An image that was prepared and not mounted is no start.
  private static final Duration UNMOUNTED = Duration.ofSeconds(30);

  /// While one is not over for so long, its containers are likely to ask for more at any moment.
  private static final Duration BUSY = Duration.ofMillis(1500);

  /// Between the last layer of a pull and the mount for a container.
  private static final Duration PULLED = Duration.ofMillis(200);

  private static final Duration LONGEST = Duration.ofMinutes(2);
  private static final Duration TICK = Duration.ofMillis(500);
  private static final int MAX_ACTIVE = 64;

  private final StartPolicy.Learning policy;
  private final Path layers;
  private final Catalog catalog;
  private final ProfileStore profiles;
  private final InstantSource clock;
  private final Starts starts = new Starts();

  /// Which image a layer was prepared for last.
  private final ConcurrentMap<Digest, String> images = new ConcurrentHashMap<>();

  private final ConcurrentMap<String, ActiveStart> active = new ConcurrentHashMap<>();

  /// Has a permit when a start may have been added to those that are active.
  private final Semaphore opened = new Semaphore(0);

  private final Thread ticker;

  /// @param layers the directory of all compiled layers
  StartRecorder(
      StartPolicy.Learning policy,
      Path layers,
      Catalog catalog,
      ProfileStore profiles,
      InstantSource clock) {
    this.policy = policy;
    this.layers = layers;
    this.catalog = catalog;
    this.profiles = profiles;
    this.clock = clock;
    this.ticker = Thread.ofVirtual().name("starts").start(this::run);
  }

  Starts starts() {
    return starts;
  }

  /// Returns which image a layer was mounted for last.
  Optional<String> imageOf(Digest layer) {
    return Optional.ofNullable(images.get(layer));
  }

  /// A layer is mounted again after a restart: no start.
  void reopened(LayerRequest request) {
    images.put(request.layer(), request.image());
  }

  /// An image is being pulled: what an earlier start of it read is looked up while its TOCs come.
  void expected(String image) {
    if (policy.enabled() && !active.containsKey(image)) {
      Thread.ofVirtual().name("profile of " + image).start(() -> open(image));
    }
  }

  /// A layer is mounted for an image that is being pulled.
  void prepared(LayerRequest request, LayerContent layer) {
    images.put(request.layer(), request.image());
    Optional<ActiveStart> start = open(request.image());
    if (start.isPresent()) {
      start.get().prepared(layer.digest());
      replay(start.get(), layer);
    }
  }

  /// A container is about to be mounted over a chain.
  void mounted(Chain chain) {
    Optional<ActiveStart> start =
        Optional.ofNullable(images.get(chain.layers().getLast())).flatMap(this::open);
    if (start.isPresent()) {
      start.get().mounted(chain.layers());
      for (Digest layer : chain.layers()) {
        catalog.layer(layer).ifPresent(content -> replay(start.get(), content));
      }
    }
  }

  /// Tells whether a start is going on, or is likely to begin now: then the link is its alone.
  boolean isStarting() {
    long now = System.nanoTime();
    return active.values().stream()
        .anyMatch(start -> start.quiet(now).compareTo(start.isMounted() ? BUSY : PULLED) < 0);
  }

  private Optional<ActiveStart> open(String image) {
    ActiveStart known = active.get(image);
    if (known != null) {
      return Optional.of(known);
    }
    if (active.size() >= MAX_ACTIVE) {
      return Optional.empty();
    }
    ActiveStart start = new ActiveStart(image, clock.instant());
    if (policy.enabled()) {
      profiles
          .find(image)
          .ifPresent(profile -> start.replay(new Replay(profile, policy.maxBytes())));
    }
    ActiveStart first = active.putIfAbsent(image, start);
    opened.release();
    return Optional.of(first == null ? start : first);
  }

  private void replay(ActiveStart start, LayerContent layer) {
    if (start.replay().isEmpty()) {
      return;
    }
    try {
      List<LayerChunk> chunks =
          start.replay().get().plan(layer, LayerDirectory.of(layers, layer.digest()).image());
      if (!chunks.isEmpty()) {
        layer.anticipation().noteLearned(chunks);
        FetchTicket _ = layer.fetch(chunks, FetchClass.LEARNED);
        LOGGER.log(
            Level.DEBUG,
            "learned order is replayed image={0} layer={1} chunks={2}",
            start.image(),
            layer.digest(),
            chunks.size());
      }
    } catch (IOException e) {
      LOGGER.log(
          Level.WARNING, "no replay layer={0} cause=\"{1}\"", layer.digest(), e.getMessage());
    }
  }

  private void each(LayerContent layer, Consumer<ActiveStart> told) {
    for (ActiveStart start : active.values()) {
      if (start.has(layer.digest())) {
        told.accept(start);
      }
    }
  }

  @Override
  public void used(LayerContent layer, LayerChunk chunk, Found found) {
    each(layer, start -> start.used(layer, chunk));
  }

  @Override
  public void waited(LayerContent layer, LayerChunk chunk, CallWait wait) {
    each(layer, start -> start.waited(layer, chunk, wait));
  }

  @Override
  public void arrived(LayerContent layer, LayerChunk chunk, FetchClass wanted) {
    each(layer, start -> start.arrived(layer, chunk, wanted));
  }

  @Override
  public void fetched(LayerContent layer, FetchedRange range) {
    each(layer, start -> start.fetched(layer, range));
  }

  private void run() {
    try {
      while (true) {
        opened.acquire(); // an idle node is not woken
        while (!active.isEmpty()) {
          Thread.sleep(TICK);
          active.values().forEach(this::finishIfOver);
        }
        opened.drainPermits();
        if (!active.isEmpty()) {
          opened.release(); // opened before its permit was drained
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private void finishIfOver(ActiveStart start) {
    long now = System.nanoTime();
    Duration patience = start.isMounted() ? QUIET : UNMOUNTED;
    if (start.quiet(now).compareTo(patience) >= 0 || start.age(now).compareTo(LONGEST) >= 0) {
      active.remove(start.image(), start);
      if (start.isMounted()) {
        finish(start);
      }
    }
  }

  private void finish(ActiveStart start) {
    try {
      Optional<Map<Digest, Map<Digest, String>>> names = names(start);
      if (policy.enabled() && names.isPresent()) {
        learn(start, names.get());
      }
      starts.add(
          start.record((layer, object) ->
              names
                  .orElse(Map.of())
                  .getOrDefault(layer.digest(), Map.of())
                  .getOrDefault(object.digest(), object.digest().toString())));
    } catch (RuntimeException e) { // a bug; starts go on
      LOGGER.log(Level.ERROR, "bug while recording a start image=" + start.image(), e);
    }
  }

  /// Returns the names of what a start used; empty if a layer's metadata cannot be read: then its
  /// record has digests, and nothing is learned.
  private Optional<Map<Digest, Map<Digest, String>>> names(ActiveStart start) {
    try {
      return Optional.of(new LearnedFiles(layers, catalog).names(start));
    } catch (IOException e) {
      LOGGER.log(
          Level.WARNING,
          "names of a start cannot be read image={0} cause=\"{1}\"",
          start.image(),
          e.getMessage());
      return Optional.empty();
    }
  }

  /// Keeps what is to be replayed next time. The start is told of whether that can be written or
  /// not.
  private void learn(ActiveStart start, Map<Digest, Map<Digest, String>> names) {
    try {
      Optional<Profile> learned =
          new LearnedFiles(layers, catalog)
              .profile(start, names, profiles.findExactly(start.image()), clock.instant());
      if (learned.isPresent()) {
        profiles.put(learned.get());
      }
    } catch (IOException e) {
      LOGGER.log(
          Level.WARNING,
          "profile was not kept image={0} cause=\"{1}\"",
          start.image(),
          e.getMessage());
    }
  }

  /// Only these layers are mounted now.
  void retain(Collection<Digest> mounted) {
    images.keySet().retainAll(mounted);
  }

  /// Stops watching. Starts that go on are written down as they are.
  @Override
  public void close() {
    ticker.interrupt();
    for (ActiveStart start : active.values()) {
      active.remove(start.image(), start);
      if (start.isMounted()) {
        finish(start);
      }
    }
  }
}
