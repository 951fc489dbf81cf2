package dev.asterism.cli.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.Budget;
import dev.asterism.cache.CacheKey;
import dev.asterism.cache.CacheOption;
import dev.asterism.cache.CacheSettings;
import dev.asterism.cache.CacheWriter;
import dev.asterism.cache.CachedChunk;
import dev.asterism.cache.ChunkDigest;
import dev.asterism.cache.ChunkKey;
import dev.asterism.cache.DirectoryCache;
import dev.asterism.cache.DirectoryCacheConfig;
import dev.asterism.cache.LayerCache;
import dev.asterism.cache.Limit;
import dev.asterism.cache.Upkeep;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.layers.FetchPolicy;
import dev.asterism.layers.LayerService;
import dev.asterism.layers.LayerSettings;
import dev.asterism.layers.OutagePolicy;
import dev.asterism.layers.StartPolicy;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Everything that the store's metrics count, made to happen once, as a scrape shows it.
@Tag("kernel")
@Timeout(120)
final class CacheMetricsTest {
  private static final Digest LAYER = Digest.of("layer".getBytes(StandardCharsets.UTF_8));
  private static final Digest OTHER = Digest.of("other".getBytes(StandardCharsets.UTF_8));
  private static final Digest BLOCKED = Digest.of("blocked".getBytes(StandardCharsets.UTF_8));
  private static final ChunkKey FIRST = ChunkKey.ofFile(1);
  private static final ChunkKey SECOND = ChunkKey.ofFile(2);
  private static final ChunkKey PART = new ChunkKey(3, 4096);
  private static final VerifiedChunk FILE = chunk(1, 20_000);
  private static final VerifiedChunk SMALL = chunk(2, 3_000);
  private static final VerifiedChunk DAMAGED = chunk(3, 5_000);
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private ScratchFolder scratch;
  private volatile Instant now = Instant.parse("2026-11-26T10:00:00Z");

  @BeforeEach
  void start() throws IOException {
    Machine.requireRootAnd("mount");
    scratch = ScratchFolder.create("asterism-metrics");
  }

  @AfterEach
  void end() throws IOException {
    scratch.close();
  }

  private static VerifiedChunk chunk(int seed, int size) {
    return VerifiedChunk.of(RandomTrees.content(Seeds.generator(seed), size));
  }

  private static ChunkDigest digestOf(VerifiedChunk chunk) {
    return new ChunkDigest(chunk.digest(), chunk.size());
  }

  /// Persists, cleans up and evicts only when it is told to, and scrubs at once.
  private LayerService open() throws IOException {
    CacheSettings store =
        new CacheSettings(
            Duration.ofDays(1),
            MINUTE,
            new Budget(new Limit.Unset(), new Limit.Bytes(0)),
            new Upkeep(Duration.ofDays(9), Duration.ofDays(14), Duration.ofDays(30), 1 << 30),
            DirectoryCacheConfig.DEFAULT);
    return LayerService.open(
        root(),
        (_, _) -> {
          throw new AssertionError("nothing is asked for");
        },
        new LayerSettings(FetchPolicy.DEFAULT, StartPolicy.NOTHING, OutagePolicy.FAIL, store),
        () -> now);
  }

  private Path root() {
    return scratch.path().resolve("root");
  }

  @Test
  void text_afterEverythingHappenedOnce_hasIt() throws Exception {
    leaveADamagedFile();
    try (LayerService service = open()) {
      DirectoryCache store = service.store();
      Metrics metrics = Metrics.of(service, "1");
      assertThat(value(metrics, "asterism_build_info{version=\"1\"}")).hasValue(1.0);
      while (!value(metrics, "asterism_cache_scrub_wrong_total").equals(Optional.of(1.0))) {
        Thread.sleep(5); // the test's own time limit ends this
      }
      assertThat(value(metrics, "asterism_cache_damaged_total")).hasValue(1.0);

      add(store);
      link(store);
      assertThat(value(metrics, "asterism_cache_files_added_total")).hasValue(2.0);
      assertThat(value(metrics, "asterism_cache_bytes_added_total")).hasValue(23_000.0);
      assertThat(value(metrics, "asterism_cache_links_made_total")).hasValue(1.0);
      assertThat(value(metrics, "asterism_cache_bytes_saved_total")).hasValue(20_000.0);
      assertThat(value(metrics, "asterism_cache_link_failures_total{errno=\"ENOTDIR\"}"))
          .hasValue(1.0);
      assertThat(value(metrics, "asterism_cache_objects")).hasValue(2.0);
      assertThat(value(metrics, "asterism_cache_links")).hasValue(3.0);
      awaitBytes(metrics, 23_000, 50_000);

      lookUp(store);
      for (CachedChunk.Source source : CachedChunk.Source.values()) {
        String series = "asterism_cache_hits_total{source=\"%s\"}".formatted(source.label());
        assertThat(value(metrics, series)).as(series).hasValue(1.0);
      }
      assertThat(value(metrics, "asterism_cache_misses_total")).hasValue(1.0);

      assertThat(value(metrics, "asterism_cache_persist_seconds_count")).hasValue(0.0);
      store.persist();
      assertPersistedOnce(metrics);
      assertThat(value(metrics, "asterism_cache_syncs_total")).hasValue(1.0);

      now = now.plus(MINUTE.multipliedBy(2));
      store.persist();
      assertThat(value(metrics, "asterism_cache_evicted_objects_total")).hasValue(0.0);
      store.evict(Long.MAX_VALUE);
      assertThat(value(metrics, "asterism_cache_evicted_objects_total").orElse(0.0))
          .isBetween(2.0, 4.0); // with files that no digest names
      assertThat(value(metrics, "asterism_cache_evicted_bytes_total").orElse(0.0))
          .isGreaterThan(23_000.0);
      assertThat(value(metrics, "asterism_cache_objects")).hasValue(0.0);
      assertThat(value(metrics, "asterism_cache_bytes")).hasValue(0.0);
    }
  }

  /// Leaves a store with a file that the next scrub finds wrong.
  private void leaveADamagedFile() throws IOException {
    try (LayerService service = open()) {
      service.store().layer(LAYER).addFile(SECOND, DAMAGED);
    }
    Path object =
        root()
            .resolve("cache/objects")
            .resolve(DAMAGED.digest().hex().substring(0, 2))
            .resolve(DAMAGED.digest().hex());
    Files.setPosixFilePermissions(object, PosixFilePermissions.fromString("rw-r--r--"));
    Files.write(object, new byte[DAMAGED.size()]);
    Files.deleteIfExists(root().resolve("cache/scrub")); // how far it was: the next one begins anew
  }

  private static void add(DirectoryCache store) throws IOException {
    LayerCache layer = store.layer(LAYER);
    layer.addFile(FIRST, FILE);
    try (CacheWriter writer = layer.add(PART, digestOf(SMALL))) {
      writer.write(SMALL);
      writer.commit();
    }
    try (CacheWriter writer = layer.add(ChunkKey.ofFile(9))) { // nobody says what it hashes to
      writer.write(ByteBuffer.wrap(SMALL.bytes()));
      writer.commit();
    }
  }

  private void link(DirectoryCache store) throws IOException {
    assertThat(store.layer(OTHER).adoptFile(FIRST, FILE.digest(), FILE.size())).isTrue();
    Path noDirectory = Files.createFile(root().resolve("cache/layers").resolve(BLOCKED.hex()));
    store.layer(BLOCKED).adoptFile(FIRST, FILE.digest(), FILE.size());
    Files.delete(noDirectory);
  }

  /// Finds a chunk in each of the four places, and one nowhere.
  private static void lookUp(DirectoryCache store) throws IOException {
    assertThat(found(store, PART, digestOf(SMALL))).hasValue(CachedChunk.Source.MEMORY);
    assertThat(found(store, FIRST, digestOf(FILE))).hasValue(CachedChunk.Source.DIGEST);
    assertThat(found(store, FIRST, digestOf(FILE))).hasValue(CachedChunk.Source.OPEN_FILE);
    assertThat(found(store, ChunkKey.ofFile(9))).hasValue(CachedChunk.Source.KEY);
    assertThat(found(store, ChunkKey.ofFile(77))).isEmpty();
  }

  private static Optional<CachedChunk.Source> found(
      DirectoryCache store, ChunkKey key, CacheOption... options) throws IOException {
    Optional<CachedChunk> found = store.get(new CacheKey(LAYER, key), options);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    try (CachedChunk chunk = found.get()) {
      return Optional.of(chunk.source());
    }
  }

  private static void assertPersistedOnce(Metrics metrics) throws IOException {
    assertThat(value(metrics, "asterism_cache_persist_seconds_count")).hasValue(1.0);
    assertThat(value(metrics, "asterism_cache_persist_seconds_bucket{le=\"+Inf\"}")).hasValue(1.0);
    double sum = value(metrics, "asterism_cache_persist_seconds_sum").orElse(0.0);
    assertThat(sum).isPositive();
    assertThat(value(metrics, "asterism_cache_last_persist_seconds")).hasValue(sum);
    for (double bound = 0.001; bound < 10; bound *= 2) {
      assertThat(
              value(metrics, "asterism_cache_persist_seconds_bucket{le=\"%s\"}".formatted(bound)))
          .hasValue(sum <= bound ? 1.0 : 0.0);
    }
  }

  /// Waits for the count of what was there at the start, which the metric stands on: it goes on in
  /// the background, and what the scrub removed before is missing until then.
  private static void awaitBytes(Metrics metrics, double least, double most) throws Exception {
    double bytes = -1;
    while (bytes < least || bytes > most) {
      Thread.sleep(5); // the test's own time limit ends this
      bytes = value(metrics, "asterism_cache_bytes").orElse(-1.0);
    }
  }

  private static Optional<Double> value(Metrics metrics, String series) throws IOException {
    Matcher line =
        Pattern.compile("(?m)^" + Pattern.quote(series) + " (\\S+)$").matcher(metrics.text());
    return line.find() ? Optional.of(Double.valueOf(line.group(1))) : Optional.empty();
  }
}
