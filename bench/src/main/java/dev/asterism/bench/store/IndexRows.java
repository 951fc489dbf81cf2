package dev.asterism.bench.store;

import dev.asterism.cache.LocalDisk;
import dev.asterism.cache.index.LinksFile;
import dev.asterism.cache.index.LinksIndex;
import dev.asterism.cache.index.Place;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;

/// What it costs to remember the links: memory, persisting, folding.
///
/// A mapping is a digest with the one key that holds it: digest to file, digest to keys, key to
/// digest.
final class IndexRows {
  /// The layers that hold the mappings.
  static final List<Digest> LAYERS =
      IntStream.range(0, 64)
          .mapToObj(i -> Digest.of(("layer " + i).getBytes(StandardCharsets.UTF_8)))
          .toList();

  private static final int CHANGES = 1000;
  private static final int PERSISTS = 9; // of which the median counts
  private static final int FEW = 10_000; // mappings that a small store has
  private static final int NOW = 1_700_000_000; // seconds of the epoch

  private final StoreFigures figures;
  private final Path folder;

  /// @param folder for the files; the caller removes it
  IndexRows(StoreFigures figures, Path folder) {
    this.figures = figures;
    this.folder = folder;
  }

  /// Measures with each of these numbers of mappings, rising; the files of the last stay in the
  /// folder `mappings`.
  Path measure(List<Long> counts) throws IOException, InterruptedException {
    persist(FEW, Files.createDirectory(folder.resolve("warm"))); // the first time is the compiler's
    Time few = persist(FEW, Files.createDirectory(folder.resolve("few")));
    Path last = folder;
    for (long count : counts) {
      last = Files.createDirectory(folder.resolve("mappings-" + count));
      measure(count, last, few);
    }
    return last;
  }

  private Time persist(long count, Path root) throws IOException {
    LinksIndex index = new LinksIndex();
    try (LocalDisk disk = LocalDisk.open(root);
        LinksFile file = open(root, disk, index)) {
      fill(index, 0, count);
      file.persist();
      return persist(index, file, count);
    }
  }

  private void measure(long count, Path root, Time few) throws IOException, InterruptedException {
    long before = heap();
    LinksIndex index = new LinksIndex();
    fill(index, 0, count);
    double each = (double) (heap() - before) / count;
    String millions = millions(count);
    figures.number(
        "memory of the manager, %s mappings".formatted(millions),
        "%d MiB".formatted((heap() - before) >> 20),
        "",
        each,
        120,
        " bytes a mapping");
    try (LocalDisk disk = LocalDisk.open(root);
        LinksFile file = open(root, disk, index)) {
      file.persist();
      Time many = persist(index, file, count);
      figures.ratio(
          "persist of 1,000 changes among %s mappings".formatted(millions),
          many,
          "among 10,000",
          few,
          2);
      fold(index, file, count, millions);
    }
  }

  /// Folds while a reader works: what is between two of its reads is what it had to wait.
  private void fold(LinksIndex index, LinksFile file, long count, String millions)
      throws IOException, InterruptedException {
    Time idle = longestPause(index, count, () -> Thread.sleep(1000));
    long start = System.nanoTime();
    Time folding = longestPause(index, count, file::fold);
    figures.number(
        "longest pause of a reader while the journal is folded, %s mappings".formatted(millions),
        folding.toString(),
        "idle: %s; the fold took %s, the file has %d MB"
            .formatted(idle, Time.since(start), file.status().fileBytes() / 1_000_000),
        folding.nanos() / 1e6,
        50,
        " ms");
  }

  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  private static Time longestPause(LinksIndex index, long count, Work work)
      throws IOException, InterruptedException {
    AtomicBoolean done = new AtomicBoolean();
    FutureTask<Time> reader = new FutureTask<>(() -> readUntil(done, index, count));
    Thread thread = Thread.ofPlatform().daemon().start(reader);
    try {
      work.run();
    } finally {
      done.set(true);
    }
    thread.join();
    return reader.resultNow();
  }

  private static Time readUntil(AtomicBoolean done, LinksIndex index, long count) {
    SplittableRandom random = new SplittableRandom(7);
    long longest = 0;
    long before = System.nanoTime();
    while (!done.get()) {
      Digest digest = digest(random.nextLong(count));
      if (index.find(digest).isEmpty()) {
        throw new IllegalStateException("lost " + digest);
      }
      long now = System.nanoTime();
      longest = Math.max(longest, now - before);
      before = now;
    }
    return new Time(longest);
  }

  private static Time persist(LinksIndex index, LinksFile file, long from) throws IOException {
    double[] times = new double[PERSISTS];
    for (int i = 0; i < PERSISTS; i++) {
      fill(index, from + (long) i * CHANGES, CHANGES);
      long start = System.nanoTime();
      file.persist();
      times[i] = System.nanoTime() - start;
    }
    return Time.median(times);
  }

  private static LinksFile open(Path root, LocalDisk disk, LinksIndex index) throws IOException {
    LinksFile file = new LinksFile(root, disk, index);
    file.open();
    file.restore(_ -> true, () -> false);
    return file;
  }

  private static void fill(LinksIndex index, long from, long count) {
    for (long i = from; i < from + count; i++) {
      Digest digest = digest(i);
      index.added(Place.OBJECT, digest, 1 + i % 100_000, NOW, 0);
      index.linked(LAYERS.get((int) (i % LAYERS.size())), (int) (i / LAYERS.size()), 0, digest);
    }
  }

  /// Returns the digest of a number: evenly spread, as real ones are.
  private static Digest digest(long number) {
    SplittableRandom random = new SplittableRandom(number);
    return new Digest(random.nextLong(), random.nextLong(), random.nextLong(), random.nextLong());
  }

  private static String millions(long count) {
    return String.format(Locale.ROOT, "%.1f million", count / 1e6);
  }

  /// Returns the bytes of living objects.
  private static long heap() {
    Runtime runtime = Runtime.getRuntime();
    List<Long> seen = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      System.gc();
      seen.add(runtime.totalMemory() - runtime.freeMemory());
    }
    return seen.stream().mapToLong(Long::longValue).min().orElseThrow();
  }
}
