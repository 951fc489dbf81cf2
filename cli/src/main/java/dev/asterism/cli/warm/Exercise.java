package dev.asterism.cli.warm;

import dev.asterism.layers.BlobSource;
import dev.asterism.layers.LayerExercise;
import dev.asterism.layers.LayerMounter;
import dev.asterism.layers.LayerRequest;
import dev.asterism.layers.LayerRequest.Verification;
import dev.asterism.linux.RuntimePages;
import dev.asterism.snapshotter.SnapshotServer;
import dev.asterism.snapshotter.Snapshots;
import dev.asterism.snapshotter.VerificationPolicy;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.registry.TestImage;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/// What a daemon does while nobody asks for anything yet: it answers containerd's calls for a
/// made-up layer, and then prepares and reads a few, from a registry of its own on loopback, so
/// that its code is compiled when the first pull comes, and when the first container waits.
///
/// One thread, for [#LIMIT] at most. Ends at once when the daemon is asked for something, and is
/// not repeated. Everything lies in `<root>/exercise`, and is gone afterwards; what a process that
/// was killed left there goes first. Nothing here fails the daemon. Thread-safe.
public final class Exercise implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(Exercise.class.getName());

  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Duration CALLS_LIMIT = Duration.ofSeconds(6);
  private static final int CALLS = 250; // what is called less often is still interpreted
  private static final int CALLED_FILES = 200;
  private static final int LAYERS = 3;
  private static final Duration COMPILING = Duration.ofSeconds(4);

  private final Path folder;
  private final BlobSource registry;
  private final LongSupplier asked;
  private final long before;
  private final InstantSource clock;
  private final Thread thread;
  private volatile boolean closed;

  private Exercise(Path root, BlobSource registry, LongSupplier asked, InstantSource clock) {
    this.folder = root.resolve("exercise");
    this.registry = registry;
    this.asked = asked;
    this.before = asked.getAsLong();
    this.clock = clock;
    this.thread = Thread.ofPlatform().name("exercise").daemon(true).unstarted(this::run);
  }

  /// Begins, and returns at once.
  ///
  /// @param root the daemon's
  /// @param registry asked for images at `127.0.0.1`; stays the caller's
  /// @param asked how much the daemon was asked for so far
  public static Exercise start(
      Path root, BlobSource registry, LongSupplier asked, InstantSource clock) {
    Exercise exercise = new Exercise(root, registry, asked, clock);
    exercise.thread.start();
    return exercise;
  }

  private void run() {
    long begin = System.nanoTime();
    int layers = 0;
    try {
      remove(folder);
      layers = exercise(begin + LIMIT.toNanos());
    } catch (IOException e) {
      LOGGER.log(Level.DEBUG, "exercise failed cause=\"{0}\"", e.getMessage());
    } finally {
      clean();
      giveBack();
      LOGGER.log(
          Level.DEBUG,
          "exercise ended layers={0} millis={1}",
          layers,
          (System.nanoTime() - begin) / 1_000_000);
    }
    giveBackPages();
  }

  private int exercise(long end) throws IOException {
    int layers = 0;
    try (TestRegistry made = TestRegistry.start();
        LayerExercise exercise = new LayerExercise(folder, registry, clock)) {
      answerCalls(made, exercise.layers(), end);
      while (layers < LAYERS && isQuiet(end)) {
        Layer.EstargzBlob layer = RehearsalPull.layer(layers, 0).estargz();
        TestImage image = made.image("exercise", "version-" + layers, RehearsalPull.served(layer));
        exercise.run(
            new LayerRequest(
                made.reference(image),
                layer.digest(),
                Optional.of(layer.tocDigest()),
                Verification.REQUIRED),
            () -> isQuiet(end));
        layers++;
      }
    }
    return layers;
  }

  /// Answers the calls for one layer over and over, on a socket that nobody knows.
  private void answerCalls(TestRegistry made, LayerMounter layers, long end) throws IOException {
    long callsEnd = Math.min(end, System.nanoTime() + CALLS_LIMIT.toNanos());
    Layer.EstargzBlob layer = calledLayer().estargz();
    TestImage image = made.image("exercise", "called", RehearsalPull.served(layer));
    Path socket = folder.resolve("exercise.sock");
    try (Snapshots snapshots = Snapshots.open(folder, layers, VerificationPolicy.REQUIRED, clock);
        SnapshotServer _ = SnapshotServer.start(socket, snapshots);
        SnapshotsCalls calls = new SnapshotsCalls(socket)) {
      for (int i = 0; i < CALLS && isQuiet(callsEnd); i++) {
        calls.pullAlone(made.reference(image), layer);
        calls.remove(SnapshotsCalls.nameOf(List.of(layer)));
      }
    }
  }

  private static Layer calledLayer() {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < CALLED_FILES; i++) {
      entries.add(Entry.file("usr/share/folder-%d/file-%d".formatted(i % 20, i), "content " + i));
    }
    return new Layer(entries);
  }

  private boolean isQuiet(long end) {
    return !closed && asked.getAsLong() == before && System.nanoTime() - end < 0;
  }

  /// What was exercised on is garbage, and an idle daemon allocates too little for a collection.
  @SuppressWarnings("SystemGc")
  private static void giveBack() {
    System.gc();
  }

  /// Most of the Java runtime's own files was touched by the start alone, and by the compilers,
  /// which have work left for a while.
  private static void giveBackPages() {
    try {
      Thread.sleep(COMPILING);
      RuntimePages.giveBack();
    } catch (IOException e) {
      LOGGER.log(Level.DEBUG, "pages of the Java runtime stay mapped", e);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void clean() {
    try {
      remove(folder);
    } catch (IOException e) {
      LOGGER.log(Level.WARNING, "cannot remove {0} cause=\"{1}\"", folder, e.getMessage());
    }
  }

  private static void remove(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> all;
    try (Stream<Path> below = Files.walk(folder)) {
      all = below.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : all) {
      Files.delete(path);
    }
  }

  /// Has it end soon, and does not wait for that.
  @Override
  public void close() {
    closed = true;
  }
}
