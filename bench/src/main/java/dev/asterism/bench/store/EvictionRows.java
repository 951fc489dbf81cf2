package dev.asterism.bench.store;

import dev.asterism.cache.CacheSettings;
import dev.asterism.cache.ChunkKey;
import dev.asterism.cache.CleanOptions;
import dev.asterism.cache.CleanReport;
import dev.asterism.cache.DirectoryCache;
import dev.asterism.cache.Eviction;
import dev.asterism.cache.Pin;
import dev.asterism.cache.StoreProgress;
import dev.asterism.cache.Stored;
import dev.asterism.cache.VerifyOptions;
import dev.asterism.cache.VerifyReport;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

/// Eviction and cleanup of many files while somebody reads: how long the slowest reads take, beside
/// the same reads when nothing else happens.
final class EvictionRows {
  private static final Digest KEPT = digest("kept");
  private static final Digest EVICTED = digest("evicted");
  private static final Digest REMOVED = digest("removed");
  private static final int READ = 2000; // files that are read
  private static final int READ_SIZE = 16 << 10; // 16 KiB
  private static final int SMALL = 64; // bytes of a file that goes; a block on the disk
  private static final int MOST_SAMPLES = 20_000_000;
  private static final Duration IDLE = Duration.ofSeconds(5);

  private final StoreFigures figures;
  private final Path root;
  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
  private final List<VerifiedChunk> read =
      IntStream.range(0, READ).mapToObj(i -> made(-i)).toList();

  /// @param root of the store, which is made; the caller removes it
  EvictionRows(StoreFigures figures, Path root) {
    this.figures = figures;
    this.root = root;
  }

  /// Fills a store and lets half of the files be evicted, the other half lose their layer and be
  /// cleaned away.
  void measure(int objects) throws IOException, InterruptedException {
    InstantSource clock = now::get;
    CacheSettings defaults = CacheSettings.DEFAULT;
    CacheSettings quiet =
        new CacheSettings(
            Duration.ofDays(1), defaults.freshAge(), defaults.budget(), defaults.upkeep());
    try (DirectoryCache cache = DirectoryCache.open(root, quiet, clock)) {
      fill(cache, objects);
      Time idle = readWhile(cache, () -> Thread.sleep(IDLE));
      evict(cache, objects, idle);
      clean(cache, objects, idle);
      VerifyReport report = cache.verify(VerifyOptions.QUICK, StoreProgress.NONE);
      if (!report.findings().isEmpty()) {
        throw new IOException("the store is wrong after it: " + report.findings().getFirst());
      }
    }
  }

  private void fill(DirectoryCache cache, int objects) throws IOException {
    for (int i = 0; i < READ; i++) {
      cache.layer(KEPT).addFile(ChunkKey.ofFile(i), read.get(i));
    }
    cache.pin(new Pin("kept", List.of(KEPT), now.get()));
    for (int i = 0; i < objects; i++) {
      byte[] bytes = new byte[SMALL];
      new SplittableRandom(i).nextBytes(bytes);
      Digest layer = i % 2 == 0 ? EVICTED : REMOVED;
      cache.layer(layer).addFile(ChunkKey.ofFile(i / 2), VerifiedChunk.of(bytes));
    }
    // Old enough for everything: the links in `fresh` go, and with them what protects the young.
    cache.persist();
    now.set(now.get().plus(Duration.ofDays(60)));
    cache.persist();
  }

  private void evict(DirectoryCache cache, int objects, Time idle)
      throws IOException, InterruptedException {
    AtomicReference<Eviction> evicted = new AtomicReference<>();
    long start = System.nanoTime();
    // A block for each.
    Time loaded = readWhile(cache, () -> evicted.set(cache.evict(objects / 2 * 4096L)));
    report("readers' p99 during eviction", evicted.get().objects(), start, loaded, idle);
  }

  private void clean(DirectoryCache cache, int objects, Time idle)
      throws IOException, InterruptedException {
    AtomicReference<CleanReport> cleaned = new AtomicReference<>();
    long start = System.nanoTime();
    Time loaded =
        readWhile(
            cache,
            () -> {
              cache.removeLayer(EVICTED);
              cache.removeLayer(REMOVED);
              cleaned.set(
                  cache.clean(
                      CleanOptions.DEFAULT.withUnusedFor(Duration.ZERO), StoreProgress.NONE));
            });
    report("readers' p99 during cleanup", cleaned.get().objects(), start, loaded, idle);
    long left = cache.holdings().objects();
    if (left != READ) {
      throw new IOException("%d of %d files are left".formatted(left - READ, objects));
    }
  }

  private void report(String what, long objects, long start, Time loaded, Time idle) {
    figures.ratio(
        String.format(Locale.ROOT, "%s of %,d objects, %s", what, objects, Time.since(start)),
        loaded,
        "idle",
        idle,
        2);
  }

  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  /// Returns what the slowest but one in a hundred reads took.
  private Time readWhile(DirectoryCache cache, Work work) throws IOException, InterruptedException {
    AtomicBoolean done = new AtomicBoolean();
    FutureTask<Time> reader = new FutureTask<>(() -> readUntil(done, cache));
    Thread thread = Thread.ofPlatform().daemon().start(reader);
    try {
      work.run();
    } finally {
      done.set(true);
    }
    thread.join();
    return reader.resultNow();
  }

  private Time readUntil(AtomicBoolean done, DirectoryCache cache) throws IOException {
    SplittableRandom random = new SplittableRandom(3);
    ByteBuffer into = ByteBuffer.allocate(READ_SIZE);
    int[] times = new int[1 << 16];
    int count = 0;
    while (!done.get() && count < MOST_SAMPLES) {
      VerifiedChunk chunk = read.get(random.nextInt(READ));
      if (count == times.length) {
        times = Arrays.copyOf(times, 2 * count);
      }
      long start = System.nanoTime();
      try (Stored found = cache.find(chunk.digest(), chunk.size()).orElseThrow()) {
        found.read(0, into.clear());
      }
      times[count++] = (int) Math.min(Integer.MAX_VALUE, System.nanoTime() - start);
    }
    int[] sorted = Arrays.copyOf(times, count);
    Arrays.sort(sorted);
    return new Time(sorted[(int) (count * 0.99)]);
  }

  private static VerifiedChunk made(long seed) {
    byte[] bytes = new byte[READ_SIZE];
    new SplittableRandom(seed).nextBytes(bytes);
    return VerifiedChunk.of(bytes);
  }

  private static Digest digest(String name) {
    return Digest.of(name.getBytes(StandardCharsets.UTF_8));
  }
}
