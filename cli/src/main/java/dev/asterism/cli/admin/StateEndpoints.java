package dev.asterism.cli.admin;

import dev.asterism.cli.metrics.Metrics;
import dev.asterism.layers.LayerService;
import dev.asterism.layers.OutageReport;
import dev.asterism.layers.StartRecord;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;

/// The requests that every daemon answers, whether its namespaces share a store or not.
final class StateEndpoints {
  private static final int AT_ONCE = 8; // requests: an operator, a scraper, a probe
  private static final int SCRAPES_AT_ONCE = 4;

  private StateEndpoints() {}

  /// A daemon's state, as it is at each call.
  interface State {
    /// Returns the answer to `/v1/status`.
    String status() throws IOException;

    /// Returns the answer to `/v1/images`.
    String images() throws IOException;

    /// Returns the layers of each store.
    List<LayerService> services();

    /// Returns the metrics in Prometheus' text format.
    String metrics() throws IOException;
  }

  /// What an answer is made by.
  private interface Text {
    String get() throws IOException;
  }

  /// Returns them; more can be added.
  static Routes of(State state) {
    return new Routes(AT_ONCE)
        .add("GET", "/healthz", (_, response) -> response.send(200, "text/plain", "ok\n"))
        .add("GET", "/readyz", (_, response) -> response.send(200, "text/plain", "ok\n"))
        .add("GET", "/metrics", (_, response) -> scrape(state, response))
        .add("GET", "/v1/status", json(state::status))
        .add("GET", "/v1/images", json(state::images))
        .add("GET", "/v1/starts", json(() -> StartsJson.text(starts(state))))
        .add(
            "POST",
            "/v1/starts/timeline",
            (request, response) -> timeline(state, request, response))
        .add("GET", "/v1/fetching", json(() -> FetchingJson.text(state.services())))
        .add("GET", "/v1/outages", json(() -> OutagesJson.text(outages(state))));
  }

  /// Returns what the metrics' own listener answers: nothing that changes anything.
  static Routes metricsOnly(State state) {
    return new Routes(SCRAPES_AT_ONCE)
        .add("GET", "/metrics", (_, response) -> scrape(state, response));
  }

  private static Endpoint json(Text text) {
    return (_, response) -> response.send(200, Response.JSON, text.get());
  }

  private static void scrape(State state, Response response) throws IOException {
    response.send(200, Metrics.CONTENT_TYPE, state.metrics());
  }

  /// Sends all that is known of the last start of an image.
  private static void timeline(State state, Request request, Response response) throws IOException {
    String image = request.image();
    StartRecord start =
        starts(state).stream()
            .filter(each -> each.image().equals(image))
            .findFirst()
            .orElseThrow(() -> new BadRequestException("no start was seen of " + image));
    response.send(200, Response.JSON, StartsJson.timeline(start));
  }

  /// The last ones first.
  private static List<StartRecord> starts(State state) {
    return state.services().stream()
        .flatMap(each -> each.starts().recent().stream())
        .sorted(Comparator.comparing(StartRecord::began).reversed())
        .toList();
  }

  /// Those that go on, and then those that have ended.
  private static List<OutageReport> outages(State state) {
    return state.services().stream()
        .flatMap(each -> each.outages().stream())
        .sorted(Comparator.comparing(outage -> outage.ended().isPresent()))
        .toList();
  }
}
