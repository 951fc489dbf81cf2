package dev.asterism.cli.metrics;

import dev.asterism.registry.RequestCounts;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The metrics of all namespaces of a daemon in one text: each series has its namespace as the
/// label `namespace`. Confined to one thread.
public final class NamespaceMetrics {
  private static final String LABEL = "namespace";

  private final Map<String, List<MetricSnapshot>> byName = new TreeMap<>();

  /// Adds the metrics of a namespace, as they are now.
  public void add(String namespace, Metrics metrics) {
    for (MetricSnapshot metric : metrics.snapshots()) {
      byName
          .computeIfAbsent(metric.getMetadata().getName(), _ -> new ArrayList<>())
          .add(labelled(metric, namespace));
    }
  }

  /// Adds what the namespaces have together: it has no such label.
  public void addFailures(RequestCounts requests) {
    PrometheusRegistry registry = new PrometheusRegistry();
    FetchMetrics.addFailures(registry, requests);
    for (MetricSnapshot metric : registry.scrape()) {
      byName.computeIfAbsent(metric.getMetadata().getName(), _ -> new ArrayList<>()).add(metric);
    }
  }

  /// Returns all of them in Prometheus' text format.
  ///
  /// @throws IOException never: it is written to memory
  public String text() throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    PrometheusTextFormatWriter.create()
        .write(
            text,
            new MetricSnapshots(byName.values().stream().map(NamespaceMetrics::merged).toList()));
    return text.toString(StandardCharsets.UTF_8);
  }

  private static MetricSnapshot labelled(MetricSnapshot metric, String namespace) {
    return switch (metric) {
      case CounterSnapshot counter ->
          new CounterSnapshot(
              counter.getMetadata(),
              counter.getDataPoints().stream()
                  .map(point ->
                      new CounterDataPointSnapshot(
                          point.getValue(), with(point, namespace), point.getExemplar(), 0))
                  .toList());
      case GaugeSnapshot gauge ->
          new GaugeSnapshot(
              gauge.getMetadata(),
              gauge.getDataPoints().stream()
                  .map(point ->
                      new GaugeDataPointSnapshot(
                          point.getValue(), with(point, namespace), point.getExemplar()))
                  .toList());
      case HistogramSnapshot histogram ->
          new HistogramSnapshot(
              histogram.getMetadata(),
              histogram.getDataPoints().stream()
                  .map(point ->
                      new HistogramDataPointSnapshot(
                          point.getClassicBuckets(),
                          point.getSum(),
                          with(point, namespace),
                          point.getExemplars(),
                          0))
                  .toList());
      default -> throw new IllegalArgumentException("a metric of a kind that nobody registers");
    };
  }

  private static Labels with(DataPointSnapshot point, String namespace) {
    return point.getLabels().merge(Labels.of(LABEL, namespace));
  }

  private static MetricSnapshot merged(List<MetricSnapshot> parts) {
    return switch (parts.getFirst()) {
      case CounterSnapshot first ->
          new CounterSnapshot(
              first.getMetadata(),
              parts.stream()
                  .flatMap(part -> ((CounterSnapshot) part).getDataPoints().stream())
                  .toList());
      case GaugeSnapshot first ->
          new GaugeSnapshot(
              first.getMetadata(),
              parts.stream()
                  .flatMap(part -> ((GaugeSnapshot) part).getDataPoints().stream())
                  .toList());
      case HistogramSnapshot first ->
          new HistogramSnapshot(
              first.getMetadata(),
              parts.stream()
                  .flatMap(part -> ((HistogramSnapshot) part).getDataPoints().stream())
                  .toList());
      default -> throw new IllegalArgumentException("a metric of a kind that nobody registers");
    };
  }
}
