package dev.asterism.layers;

import dev.asterism.content.Blob;
import dev.asterism.content.CorruptContentException;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.content.Trace;
import dev.asterism.erofs.ErofsWriter;
import dev.asterism.estargz.TocLimits;
import dev.asterism.estargz.TocLocation;
import dev.asterism.estargz.TocLocator;
import dev.asterism.estargz.TocReader;
import dev.asterism.layers.LayerRequest.Verification;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Compiles layers: from a TOC to a directory of `layers/`, when they are asked for or before.
///
/// containerd asks for an image's layers one after the other. Those that follow are compiled
/// meanwhile on the other processors, into directories that have no layer's name yet. What their
/// TOC must hash to is only said when they are asked for; until that agrees nothing else sees them.
///
/// Bounds: [#MAX_AHEAD] layers of one registry are compiled unasked, each with a TOC of [#MAX_TOC]
/// bytes at most; one processor is left to what is waited for. Of all layers as many are compiled
/// at once as there are processors, and [#LARGE_AT_ONCE] with larger TOCs: what a compilation holds
/// in memory follows its TOC. Small TOCs are in memory before their turn comes, so nobody waits for
/// another's registry. Thread-safe.
final class Compilations implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(Compilations.class.getName());

  private static final int MAX_AHEAD = 16;
  private static final int MAX_AHEAD_IN_ALL = 4 * MAX_AHEAD;
  private static final int LARGE_AT_ONCE = 2;
  private static final long MAX_TOC = 2 << 20; // 2 MiB compressed: some 50,000 files
  private static final Duration KEPT = Duration.ofMinutes(1);
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /// Bytes of garbage that compiling leaves, for each of a compressed TOC: rows, names, digests.
  private static final long GARBAGE = 32;

  private static final long MOST_TOC = 32 << 20; // 32 MiB, of which more is not counted

  private final Path layers;
  private final ForcedDirectory names;
  private final OpenedAhead registry;
  private final Fetching fetching;
  private final Semaphore turns =
      new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() - 1));
  private final Semaphore small = new Semaphore(Runtime.getRuntime().availableProcessors(), true);
  private final Semaphore large = new Semaphore(LARGE_AT_ONCE, true);
  private final ConcurrentMap<Key, FutureTask<Ahead>> ahead = new ConcurrentHashMap<>();
  private volatile boolean closed;

  private record Key(String image, Digest layer, Verification verification) {}

  /// A directory that has everything but its name.
  private record Compiled(LayerDirectory directory, Digest toc) {}

  /// @param blob open, for who has to compile it himself
  /// @param compiled empty where that would take too much to be done unasked
  private record Ahead(Blob blob, Optional<Compiled> compiled) {}

  /// @param layers where they go
  Compilations(Path layers, OpenedAhead registry, Fetching fetching) {
    this.layers = layers;
    this.names = new ForcedDirectory(layers);
    this.registry = registry;
    this.fetching = fetching;
  }

  /// Compiles a layer, or names what was compiled before anybody asked. The name may not be on the
  /// disk yet, see [#awaitNames]; what it names is.
  ///
  /// @throws IOException if it cannot be read lazily; nothing is left then
  LayerDirectory compile(LayerRequest request) throws IOException {
    Optional<Ahead> early = take(request);
    if (early.isPresent() && early.get().compiled().isPresent()) {
      Compiled compiled = early.get().compiled().get();
      if (request.tocDigest().orElse(compiled.toc()).equals(compiled.toc())) {
        return publish(request, compiled);
      }
      compiled
          .directory()
          .delete(); // another TOC than the manifest pins: the registry is asked anew
    }
    Blob blob =
        early.isPresent() && early.get().compiled().isEmpty()
            ? early.get().blob()
            : registry.open(request.image(), request.layer());
    return publish(request, compile(request, blob));
  }

  private LayerDirectory publish(LayerRequest request, Compiled compiled) throws IOException {
    try {
      LayerDirectory published = compiled.directory().publish(layers, request.layer());
      names.changed();
      return published;
    } catch (IOException | RuntimeException e) {
      compiled.directory().delete(); // it has no layer's name yet
      throw e;
    }
  }

  /// Waits until all layers that [#compile] has returned are on the disk under their names.
  void awaitNames() throws IOException {
    names.await();
  }

  /// Compiles a layer once more and throws that away, see [LayerExercise].
  void rehearse(LayerRequest request) throws IOException {
    Blob blob = registry.open(request.image(), request.layer());
    compile(request, blob).directory().delete();
  }

  /// Begins to open and compile layers of `first`'s image, the next ones first, and returns at
  /// once. Those beyond the bounds are left for later.
  void expect(LayerRequest first, List<Digest> next) {
    List<LayerRequest> fresh =
        next.stream()
            .map(layer ->
                new LayerRequest(first.image(), layer, Optional.empty(), first.verification()))
            .filter(request -> !ahead.containsKey(key(request)))
            .limit(room(first.image()))
            .toList();
    registry.expect(first.image(), fresh.stream().map(LayerRequest::layer).toList());
    for (LayerRequest request : fresh) {
      if (closed) {
        return;
      }
      Key key = key(request);
      FutureTask<Ahead> task = new FutureTask<>(Trace.carry(() -> compileAhead(request)));
      if (ahead.putIfAbsent(key, task) == null) {
        Thread.ofVirtual().name("compile ahead " + request.layer()).start(task);
        CompletableFuture.delayedExecutor(KEPT.toMillis(), TimeUnit.MILLISECONDS)
            .execute(() -> {
              if (ahead.remove(key, task)) {
                discard(task, Deadline.in(PATIENCE));
              }
            });
      }
    }
  }

  /// Returns how many more layers of an image's registry may be compiled ahead.
  private long room(String image) {
    String host = OpenedAhead.host(image);
    long ofHost =
        ahead.keySet().stream().filter(key -> OpenedAhead.host(key.image()).equals(host)).count();
    return Math.max(0, Math.min(MAX_AHEAD - ofHost, MAX_AHEAD_IN_ALL - ahead.size()));
  }

  private Ahead compileAhead(LayerRequest request) throws IOException {
    if (closed) {
      throw new IOException("closed");
    }
    Blob blob = registry.open(request.image(), request.layer());
    TocLocation location;
    try {
      location = TocLocator.locate(blob);
    } catch (MalformedLayerException _) {
      return new Ahead(blob, Optional.empty()); // who asks for the layer will find the same
    }
    if (location.format() == TocLocation.Format.EXTERNAL_TOC
        || blob.size() - location.tocOffset() > MAX_TOC) {
      return new Ahead(blob, Optional.empty());
    }
    Blob withToc = OpenedAhead.withEnd(blob, location.tocOffset());
    turns.acquireUninterruptibly(); // not held over the network
    try {
      return new Ahead(blob, Optional.of(compile(request, withToc, location)));
    } finally {
      turns.release();
    }
  }

  private static Key key(LayerRequest request) {
    return new Key(request.image(), request.layer(), request.verification());
  }

  /// Returns what was done ahead, after waiting for it; each once.
  private Optional<Ahead> take(LayerRequest request) throws IOException {
    FutureTask<Ahead> task = ahead.remove(key(request));
    if (task == null) {
      return Optional.empty();
    }
    task.run(); // unless it runs or has run
    try {
      return Optional.of(Waits.get(task, "layer " + request.layer()));
    } catch (IOException e) {
      LOGGER.log(
          Level.DEBUG,
          "layer could not be compiled ahead layer={0} cause=\"{1}\"",
          request.layer(),
          e.getMessage());
      return Optional.empty(); // asked for now it may succeed, and else says why
    }
  }

  private Compiled compile(LayerRequest request, Blob blob) throws IOException {
    TocLocation location;
    try {
      location = TocLocator.locate(blob);
    } catch (MalformedLayerException e) {
      throw named(request, e);
    }
    return compile(request, blob, location);
  }

  private Compiled compile(LayerRequest request, Blob blob, TocLocation location)
      throws IOException {
    boolean isSmall =
        location.format() != TocLocation.Format.EXTERNAL_TOC
            && blob.size() - location.tocOffset() <= MAX_TOC;
    Blob source = isSmall ? OpenedAhead.withEnd(blob, location.tocOffset()) : blob;
    LayerDirectory unfinished = LayerDirectory.unfinished(layers);
    try {
      Semaphore turn = isSmall ? small : large;
      Digest toc;
      turn.acquireUninterruptibly();
      try {
        toc = compile(request, source, location, unfinished);
      } finally {
        turn.release();
      }
      unfinished.seal(toc);
      return new Compiled(unfinished, toc);
    } catch (IOException | RuntimeException | Error e) {
      unfinished.delete();
      throw e;
    }
  }

  private static MalformedLayerException named(LayerRequest request, MalformedLayerException e) {
    return new MalformedLayerException(
        e.offset(),
        "layer %s of %s: %s".formatted(request.layer(), request.image(), e.getMessage()),
        e);
  }

  private Digest compile(
      LayerRequest request, Blob blob, TocLocation location, LayerDirectory target)
      throws IOException {
    LayerCompiler compiler =
        new LayerCompiler(
            request.layer(), request.verification(), fetching.catalog(), fetching.store().mode());
    Digest toc;
    try {
      toc =
          Trace.span(
              "verify TOC",
              attributes -> {
                Digest read = readToc(request, blob, location, compiler);
                attributes.set("asterism.toc", read.toString());
                return read;
              });
    } catch (MalformedLayerException e) {
      throw named(request, e);
    }
    if (request.verification() == Verification.REQUIRED
        && !request.tocDigest().orElse(toc).equals(toc)) {
      throw new CorruptContentException(
          "TOC of layer %s of %s".formatted(request.layer(), request.image()),
          request.tocDigest().orElse(toc),
          toc);
    }
    ErofsWriter.write(compiler.tree().build(), target.image());
    fetching
        .scheduler()
        .memory()
        .decoded(GARBAGE * Math.clamp(blob.size() - location.tocOffset(), 0L, MOST_TOC));
    compiler.mark().write(target.landmark());
    compiler
        .chunks()
        .write(
            target.table(),
            blob.size(),
            location.tocOffset(),
            request.verification() == Verification.REQUIRED);
    return toc;
  }

  private Digest readToc(
      LayerRequest request, Blob blob, TocLocation location, LayerCompiler compiler)
      throws IOException {
    return location.format() == TocLocation.Format.EXTERNAL_TOC
        ? TocReader.readExternal(
            registry.externalToc(request.image(), request.layer()),
            location,
            TocLimits.DEFAULT,
            compiler::visit)
        : TocReader.read(blob, location, TocLimits.DEFAULT, compiler::visit);
  }

  /// Tells whether nothing is being opened or compiled ahead, for tests that wait for it.
  boolean isSettled() {
    return registry.isSettled() && ahead.values().stream().allMatch(FutureTask::isDone);
  }

  /// Begins nothing more, and removes what nobody asked for; waits a moment for what is being made.
  @Override
  public void close() {
    closed = true;
    Deadline deadline = Deadline.in(PATIENCE); // one for all: a daemon that is told to end does so
    ahead.forEach((key, task) -> {
      if (ahead.remove(key, task)) {
        task.run(); // unless it runs or has run
        discard(task, deadline);
      }
    });
  }

  /// Removes a directory that nobody asked for. What is not made by then is left to the next
  /// daemon's start.
  private static void discard(FutureTask<Ahead> task, Deadline deadline) {
    try {
      Optional<Compiled> compiled =
          task.get(deadline.left().toMillis(), TimeUnit.MILLISECONDS).compiled();
      if (compiled.isPresent()) {
        compiled.get().directory().delete();
      }
    } catch (ExecutionException _) {
      // it failed, and has cleaned up
    } catch (TimeoutException e) {
      LOGGER.log(Level.DEBUG, "a layer that nobody asked for is still being compiled");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      LOGGER.log(Level.WARNING, "compiled layer not removed cause=\"{0}\"", e.getMessage());
    }
  }
}
