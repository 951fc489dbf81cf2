package dev.asterism.cli.metrics;

import dev.asterism.layers.FetchClass;
import dev.asterism.layers.FetchMeters;
import dev.asterism.layers.LayerService;
import dev.asterism.layers.OutageReport;
import dev.asterism.registry.RequestCounts;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/// What is fetched and why, who waits for it, which layers are not lazy, and registries that are
/// away. Stateless.
final class FetchMetrics {
  private static final double NANOS = 1e9; // in a second

  private FetchMetrics() {}

  static void add(PrometheusRegistry registry, LayerService layers) {
    byClass(
        registry,
        "asterism_fetch_requests",
        "Range requests that ended well, by the most urgent reason for them when they began.",
        layers::fetchRequests);
    byClass(registry, "asterism_fetch_bytes", "Compressed bytes of them.", layers::fetchedBytes);
    total(
        registry,
        layers,
        "asterism_waits",
        "Times that a call of a container has waited for a chunk.",
        FetchMeters.Totals::waits);
    total(
        registry,
        layers,
        "asterism_wait_seconds",
        "How long, together.",
        totals -> totals.waitNanos() / NANOS);
    total(
        registry,
        layers,
        "asterism_wait_failures",
        "Of these waits, those whose chunk did not come.",
        FetchMeters.Totals::failedWaits);
    CounterWithCallback.builder()
        .name("asterism_layers_prepared")
        .help("Layers that containerd asked for lazily, by whether they are.")
        .labelNames("lazy")
        .callback(call -> {
          FetchMeters.Totals totals = layers.meters().totals();
          call.call((double) totals.lazy(), "true");
          call.call((double) totals.notLazy(), "false");
        })
        .register(registry);
    away(
        registry,
        layers,
        "asterism_registry_away",
        "1 for each registry that does not give what containers want.",
        _ -> 1);
    away(
        registry,
        layers,
        "asterism_registry_away_since_seconds",
        "Since when, in seconds since 1970.",
        outage -> outage.since().toEpochMilli() / 1000.0);
    away(
        registry,
        layers,
        "asterism_registry_waiting",
        "Calls of containers that wait for it now.",
        OutageReport::waiting);
  }

  static void addFailures(PrometheusRegistry registry, RequestCounts requests) {
    CounterWithCallback.builder()
        .name("asterism_registry_failures")
        .help("Requests that were not given what they asked for, by host asked and why.")
        .labelNames("host", "kind")
        .callback(call ->
            requests
                .failures()
                .forEach((key, count) ->
                    call.call(
                        count.doubleValue(),
                        key.host(),
                        key.kind().name().toLowerCase(Locale.ROOT).replace('_', '-'))))
        .register(registry);
  }

  private static void byClass(
      PrometheusRegistry registry,
      String name,
      String help,
      Supplier<Map<FetchClass, Long>> counts) {
    CounterWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("class")
        .callback(call -> {
          Map<FetchClass, Long> now = counts.get();
          for (FetchClass why : FetchClass.values()) {
            call.call(now.getOrDefault(why, 0L).doubleValue(), why.name().toLowerCase(Locale.ROOT));
          }
        })
        .register(registry);
  }

  private static void total(
      PrometheusRegistry registry,
      LayerService layers,
      String name,
      String help,
      ToDoubleFunction<FetchMeters.Totals> value) {
    CounterWithCallback.builder()
        .name(name)
        .help(help)
        .callback(call -> call.call(value.applyAsDouble(layers.meters().totals())))
        .register(registry);
  }

  private static void away(
      PrometheusRegistry registry,
      LayerService layers,
      String name,
      String help,
      ToDoubleFunction<OutageReport> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("registry")
        .callback(call ->
            goingOn(
                layers.outages(),
                outage -> call.call(value.applyAsDouble(outage), outage.registry())))
        .register(registry);
  }

  private static void goingOn(List<OutageReport> outages, Consumer<OutageReport> each) {
    outages.stream().filter(outage -> outage.ended().isEmpty()).forEach(each);
  }
}
