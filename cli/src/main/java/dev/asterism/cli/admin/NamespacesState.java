package dev.asterism.cli.admin;

import dev.asterism.cli.metrics.Metrics;
import dev.asterism.cli.metrics.NamespaceMetrics;
import dev.asterism.layers.LayerService;
import java.io.IOException;
import java.util.List;

/// What there is in all namespaces of a daemon whose namespaces share nothing. What concerns a
/// store is asked at the socket of its namespace. Immutable.
record NamespacesState(NamespacesView daemon) implements StateEndpoints.State {
  @Override
  public String status() throws IOException {
    return StatusJson.text(daemon);
  }

  @Override
  public String images() throws IOException {
    return LayersJson.ofNamespaces(daemon.namespaces().get());
  }

  @Override
  public List<LayerService> services() {
    return daemon.namespaces().get().values().stream().map(DaemonView::layers).toList();
  }

  @Override
  public String metrics() throws IOException {
    NamespaceMetrics metrics = new NamespaceMetrics();
    daemon
        .namespaces()
        .get()
        .forEach((name, view) -> metrics.add(name, Metrics.of(view.layers(), view.version())));
    metrics.addFailures(daemon.requests());
    return metrics.text();
  }
}
