package dev.asterism.cli.admin;

import dev.asterism.cli.metrics.Metrics;
import dev.asterism.cli.metrics.NamespaceMetrics;
import dev.asterism.layers.LayerService;
import dev.asterism.layers.OutageReport;
import dev.asterism.layers.StartRecord;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;

/// What the admin socket answers of a daemon whose namespaces share nothing: what there is in all
/// of them. What concerns a store is asked at the socket of its namespace.
final class NamespaceEndpoints {
  private static final int AT_ONCE = 8; // requests

  private NamespaceEndpoints() {}

  static Routes all(NamespacesView daemon) {
    return new Routes(AT_ONCE)
        .add("GET", "/healthz", (_, response) -> response.send(200, "text/plain", "ok\n"))
        .add("GET", "/readyz", (_, response) -> response.send(200, "text/plain", "ok\n"))
        .add("GET", "/metrics", (_, response) -> scrape(daemon, response))
        .add(
            "GET",
            "/v1/status",
            (_, response) -> response.send(200, Response.JSON, StatusJson.text(daemon)))
        .add(
            "GET",
            "/v1/images",
            (_, response) ->
                response.send(
                    200, Response.JSON, LayersJson.ofNamespaces(daemon.namespaces().get())))
        .add(
            "GET",
            "/v1/starts",
            (_, response) -> response.send(200, Response.JSON, StartsJson.text(starts(daemon))))
        .add(
            "GET",
            "/v1/fetching",
            (_, response) -> response.send(200, Response.JSON, FetchingJson.text(layers(daemon))))
        .add(
            "GET",
            "/v1/outages",
            (_, response) -> response.send(200, Response.JSON, OutagesJson.text(outages(daemon))));
  }

  /// Returns what the metrics' own listener answers.
  static Routes metricsOnly(NamespacesView daemon) {
    return new Routes(AT_ONCE).add("GET", "/metrics", (_, response) -> scrape(daemon, response));
  }

  private static List<LayerService> layers(NamespacesView daemon) {
    return daemon.namespaces().get().values().stream().map(DaemonView::layers).toList();
  }

  private static List<StartRecord> starts(NamespacesView daemon) {
    return layers(daemon).stream()
        .flatMap(each -> each.starts().recent().stream())
        .sorted(Comparator.comparing(StartRecord::began).reversed())
        .toList();
  }

  /// Those that are away, and then the last that were.
  private static List<OutageReport> outages(NamespacesView daemon) {
    return layers(daemon).stream()
        .flatMap(each -> each.outages().stream())
        .sorted(Comparator.comparing(outage -> outage.ended().isPresent()))
        .toList();
  }

  private static void scrape(NamespacesView daemon, Response response) throws IOException {
    NamespaceMetrics metrics = new NamespaceMetrics();
    daemon
        .namespaces()
        .get()
        .forEach((name, view) -> metrics.add(name, Metrics.of(view.layers(), view.version())));
    response.send(200, Metrics.CONTENT_TYPE, metrics.text());
  }
}
