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
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/// The metrics that dashboards of the stargz snapshotter ask for, by its names, one series for each
/// mounted layer. What that program calls counters are gauges here: it sets them, and they go when
/// their layer goes. Stateless.
final class StargzMetrics {
  private static final double NANOS = 1e6; // in a millisecond

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
    registry.register(new Durations(layers));
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

  /// How long range requests took.
  private record Durations(LayerService layers) implements Collector {
    private static final String NAME = "stargz_fs_operation_duration_milliseconds";

    @Override
    public MetricSnapshot collect() {
      HistogramSnapshot.Builder all =
          HistogramSnapshot.builder()
              .name(NAME)
              .help("How long range requests took, from the request to the end of the body.");
      for (Digest digest : layers.mountedLayers()) {
        FetchMeters.Count count = layers.meters().of(digest);
        List<Double> bounds = new ArrayList<>();
        List<Long> counts = new ArrayList<>();
        for (int i = 0; i < count.durations().length; i++) {
          bounds.add(
              i < FetchMeters.BUCKETS.size()
                  ? FetchMeters.BUCKETS.get(i).doubleValue()
                  : Double.POSITIVE_INFINITY);
          counts.add(count.durations()[i]);
        }
        all.dataPoint(
            HistogramDataPointSnapshot.builder()
                .labels(
                    Labels.of("operation_type", "remote_registry_get", "layer", digest.toString()))
                .sum(count.nanos() / NANOS)
                .classicHistogramBuckets(ClassicHistogramBuckets.of(bounds, counts))
                .build());
      }
      return all.build();
    }
  }
}
