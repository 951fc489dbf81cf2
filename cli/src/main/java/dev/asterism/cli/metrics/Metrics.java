package dev.asterism.cli.metrics;

import dev.asterism.cache.CacheCounters;
import dev.asterism.cache.Cause;
import dev.asterism.cache.DirectoryCache;
import dev.asterism.cache.index.PersistTimes;
import dev.asterism.layers.LayerService;
import dev.asterism.linux.Errno;
import dev.asterism.registry.RequestCounts;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/// The daemon's metrics: asked for when they are scraped, so that counting costs the hot path
/// nothing more. Thread-safe.
public final class Metrics {
  /// The type of [#text].
  public static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  private static final double NANOS = 1e9; // of a second

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();
  private final LayerService layers;

  private Metrics(LayerService layers) {
    this.layers = layers;
  }

  /// Measures a daemon.
  ///
  /// @param version of the program
  public static Metrics of(LayerService layers, String version) {
    Metrics metrics = new Metrics(layers);
    metrics.addBuild(version);
    metrics.addCache();
    metrics.addReads();
    metrics.addIndex();
    metrics.addFailures();
    metrics.addBudget();
    FetchMetrics.add(metrics.registry, layers);
    StargzMetrics.add(metrics.registry, layers);
    return metrics;
  }

  /// Adds what a client has counted of registries that did not give what they were asked for.
  ///
  /// @return this
  public Metrics with(RequestCounts requests) {
    FetchMetrics.addFailures(registry, requests);
    return this;
  }

  /// Returns all metrics in Prometheus' text format.
  ///
  /// @throws IOException never: it is written to memory
  public String text() throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    writer.write(text, registry.scrape());
    return text.toString(StandardCharsets.UTF_8);
  }

  /// Returns all metrics as they are now.
  MetricSnapshots snapshots() {
    return registry.scrape();
  }

  private void addBuild(String version) {
    GaugeWithCallback.builder()
        .name("asterism_build_info")
        .help("1, with the version as a label.")
        .labelNames("version")
        .callback(call -> call.call(1, version))
        .register(registry);
    gauge(
        "asterism_layers_mounted", "Layers that can be read.", _ -> layers.mountedLayers().size());
  }

  private void addCache() {
    counted(
        "asterism_cache_files_added",
        "Files written under a digest that was new.",
        CacheCounters::filesAdded);
    counted("asterism_cache_bytes_added", "Their bytes.", CacheCounters::bytesAdded);
    counted(
        "asterism_cache_links_made",
        "Links of layers to content that was there already.",
        CacheCounters::linksMade);
    counted(
        "asterism_cache_bytes_saved",
        "Bytes that were not written thanks to these links.",
        CacheCounters::bytesShared);
    counted(
        "asterism_cache_second_inodes",
        "Copies made because a file could have no more links.",
        CacheCounters::secondInodes);
    counted(
        "asterism_cache_files_completed",
        "Files of several chunks that became one object.",
        CacheCounters::filesCompleted);
    counted("asterism_cache_syncs", "Syncs of the file system.", CacheCounters::syncs);
    counted(
        "asterism_cache_restored",
        "Files that were hashed again after an unclean stop and were right.",
        CacheCounters::restored);
    counted(
        "asterism_cache_damaged",
        "Files whose bytes were not what their digest says; removed.",
        CacheCounters::damaged);
  }

  private void addReads() {
    CounterWithCallback.builder()
        .name("asterism_cache_hits")
        .help("Chunks that the daemon read and the cache had, by where: memory, fd, digest, key.")
        .labelNames("source")
        .callback(call ->
            layers.store().hits().forEach((source, count) -> call.call(count, source.label())))
        .register(registry);
    counter(
        "asterism_cache_misses",
        "Chunks that the daemon looked for in the cache in vain.",
        store -> store.misses());
  }

  private void addIndex() {
    gauge(
        "asterism_cache_objects",
        "Digests that the store has, as files or as parts of files.",
        store -> store.holdings().objects());
    gauge("asterism_cache_links", "Links of layers to them.", store -> store.holdings().keys());
    registry.register(persists());
    gauge(
        "asterism_cache_last_persist_seconds",
        "How long the last of these took.",
        store -> store.linksFile().persists().lastNanos() / NANOS);
  }

  private Collector persists() {
    return () -> {
      PersistTimes times = layers.store().linksFile().persists();
      List<Double> bounds = new ArrayList<>();
      PersistTimes.BOUNDS.forEach(bound -> bounds.add(bound.toNanos() / NANOS));
      bounds.add(Double.POSITIVE_INFINITY);
      return HistogramSnapshot.builder()
          .name("asterism_cache_persist_seconds")
          .help("How long it took to append what changed to the links file's journal.")
          .dataPoint(
              HistogramDataPointSnapshot.builder()
                  .sum(times.nanos() / NANOS)
                  .classicHistogramBuckets(ClassicHistogramBuckets.of(bounds, times.counts()))
                  .build())
          .build();
    };
  }

  private void addBudget() {
    gauge("asterism_cache_bytes", "Bytes that the store occupies.", s -> s.budget().used());
    gauge(
        "asterism_cache_disk_free_bytes",
        "Bytes of its file system that are free.",
        s -> s.budget().free());
    gauge("asterism_cache_pins", "Images that are pinned.", s -> s.pins().size());
    counter(
        "asterism_cache_evicted_objects",
        "Objects taken out of the store for room.",
        s -> s.budget().evictedObjects());
    counter("asterism_cache_evicted_bytes", "Their bytes.", s -> s.budget().evictedBytes());
    counter("asterism_cache_scrub_wrong", "Objects a scrub found wrong.", s -> s.scrub().wrong());
    counter(
        "asterism_cache_scrub_healed",
        "Of these, objects that stand in the store again.",
        s -> s.scrub().healed());
    gauge(
        "asterism_cache_scrub_bytes",
        "Bytes that the present pass of the scrub has hashed.",
        s -> s.scrub().bytes());
  }

  private void addFailures() {
    CounterWithCallback.builder()
        .name("asterism_cache_link_failures")
        .help("Links that were refused.")
        .labelNames("errno")
        .callback(call ->
            layers
                .store()
                .counters()
                .linkErrnos()
                .forEach((errno, count) -> call.call(count, Errno.nameOf(errno))))
        .register(registry);
    failures(
        "asterism_cache_write_failures", "Writes that were refused.", CacheCounters::writeFailures);
    failures(
        "asterism_cache_read_failures", "Reads that were refused.", CacheCounters::readFailures);
  }

  private void counted(String name, String help, ToDoubleFunction<CacheCounters> value) {
    counter(name, help, store -> value.applyAsDouble(store.counters()));
  }

  private void counter(String name, String help, ToDoubleFunction<DirectoryCache> value) {
    CounterWithCallback.builder()
        .name(name)
        .help(help)
        .callback(call -> call.call(value.applyAsDouble(layers.store())))
        .register(registry);
  }

  private void gauge(String name, String help, ToDoubleFunction<DirectoryCache> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(call -> call.call(value.applyAsDouble(layers.store())))
        .register(registry);
  }

  private void failures(
      String name, String help, Function<CacheCounters, Map<Cause, Long>> failures) {
    CounterWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("cause")
        .callback(call ->
            failures
                .apply(layers.store().counters())
                .forEach((cause, count) -> call.call(count, cause.name().toLowerCase(Locale.ROOT))))
        .register(registry);
  }
}
