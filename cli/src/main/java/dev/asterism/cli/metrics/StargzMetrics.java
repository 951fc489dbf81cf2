package dev.asterism.cli.metrics;

import dev.asterism.content.Digest;
import dev.asterism.layers.FetchClass;
import dev.asterism.layers.FetchMeters;
import dev.asterism.layers.LayerService;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/// The metrics that dashboards of the stargz snapshotter ask for, by its names, one series for each
/// mounted layer. What that program calls counters are gauges here: it sets them, and they go when
/// their layer goes. Stateless.
final class StargzMetrics {
  private static final Digest NOTHING = Digest.of(new byte[0]);

  private StargzMetrics() {}

  static void add(PrometheusRegistry registry, LayerService layers) {
    perLayer(
        registry,
        layers,
        "stargz_fs_layer_size_bytes",
        "Compressed bytes of the layer.",
        digest -> layers.blobSize(digest));
    perLayer(
        registry,
        layers,
        "stargz_fs_layer_fetched_size_bytes",
        "Compressed bytes of it that were fetched since it was mounted.",
        digest -> FetchMeters.Count.sum(layers.meters().of(digest).bytes()));
    perLayer(
        registry,
        layers,
        "stargz_fs_layer_prefetch_size_bytes",
        "Of these, what the image says that a start needs.",
        digest -> of(layers, digest, FetchClass.PREFETCH));
    operations(
        registry,
        layers,
        "stargz_fs_operation_count",
        "First uses of chunks by containers; range requests that they waited for.",
        new Operation("on_demand_read_access_count", count -> count.uses()),
        new Operation(
            "on_demand_remote_registry_fetch_count",
            count -> count.requests().getOrDefault(FetchClass.READ, 0L)));
    operations(
        registry,
        layers,
        "stargz_fs_bytes_served",
        "Bytes of these chunks; compressed bytes of these requests.",
        new Operation("on_demand_bytes_served", count -> count.usedBytes()),
        new Operation(
            "on_demand_bytes_fetched", count -> count.bytes().getOrDefault(FetchClass.READ, 0L)));
    registry.register(
        new Durations(
            layers,
            "stargz_fs_operation_duration_milliseconds",
            FetchMeters.BUCKETS,
            Duration.ofMillis(1),
            List.of(
                new Timed("mount", FetchMeters.Count::prepares),
                new Timed("remote_registry_get", FetchMeters.Count::durations),
                new Timed("background_fetch_download", FetchMeters.Count::background)),
            Map.of("all_prefetches_completed", FetchMeters.Totals::prefetches)));
    registry.register(
        new Durations(
            layers,
            "stargz_fs_operation_duration_microseconds",
            FetchMeters.FINE_BUCKETS,
            Duration.ofNanos(1000),
            List.of(new Timed("read_on_demand", FetchMeters.Count::waits)),
            Map.of()));
  }

  private record Operation(String type, ToLongFunction<FetchMeters.Count> value) {}

  private static long of(LayerService layers, Digest digest, FetchClass why) {
    return layers.meters().of(digest).bytes().getOrDefault(why, 0L);
  }

  private static void perLayer(
      PrometheusRegistry registry,
      LayerService layers,
      String name,
      String help,
      ToLongFunction<Digest> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("digest", "mountpoint")
        .callback(call ->
            layers
                .mountedLayers()
                .forEach(
                    digest -> call.call((double) value.applyAsLong(digest), digest.toString(), "")))
        .register(registry);
  }

  private static void operations(
      PrometheusRegistry registry,
      LayerService layers,
      String name,
      String help,
      Operation... operations) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("operation_type", "layer")
        .callback(call -> {
          for (Digest digest : layers.mountedLayers()) {
            FetchMeters.Count count = layers.meters().of(digest);
            for (Operation operation : operations) {
              call.call(
                  (double) operation.value().applyAsLong(count),
                  operation.type(),
                  digest.toString());
            }
          }
        })
        .register(registry);
  }

  /// What has a duration for each layer.
  private record Timed(String type, Function<FetchMeters.Count, FetchMeters.Took> took) {}

  /// How long operations took, as histograms.
  ///
  /// @param bounds of the buckets, in `unit`
  /// @param operations of each layer
  /// @param onAll of the layer that has no bytes: as that program calls what concerns all
  private record Durations(
      LayerService layers,
      String name,
      List<Integer> bounds,
      Duration unit,
      List<Timed> operations,
      Map<String, Function<FetchMeters.Totals, FetchMeters.Took>> onAll)
      implements Collector {
    @Override
    public MetricSnapshot collect() {
      HistogramSnapshot.Builder all =
          HistogramSnapshot.builder().name(name).help("How long operations took.");
      for (Digest digest : layers.mountedLayers()) {
        FetchMeters.Count count = layers.meters().of(digest);
        for (Timed operation : operations) {
          all.dataPoint(point(operation.type(), digest, operation.took().apply(count)));
        }
      }
      FetchMeters.Totals totals = layers.meters().totals();
      onAll.forEach((type, took) -> all.dataPoint(point(type, NOTHING, took.apply(totals))));
      return all.build();
    }

    private HistogramDataPointSnapshot point(String type, Digest layer, FetchMeters.Took took) {
      List<Double> upper = new ArrayList<>();
      List<Long> counts = new ArrayList<>();
      for (int i = 0; i < took.counts().length; i++) {
        upper.add(i < bounds.size() ? bounds.get(i).doubleValue() : Double.POSITIVE_INFINITY);
        counts.add(took.counts()[i]);
      }
      return HistogramDataPointSnapshot.builder()
          .labels(Labels.of("operation_type", type, "layer", layer.toString()))
          .sum((double) took.nanos() / unit.toNanos())
          .classicHistogramBuckets(ClassicHistogramBuckets.of(upper, counts))
          .build();
    }
  }
}
