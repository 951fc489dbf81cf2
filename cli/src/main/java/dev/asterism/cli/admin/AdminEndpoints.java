package dev.asterism.cli.admin;

import dev.asterism.cli.cache.ContentJson;
import dev.asterism.cli.cache.CountersJson;
import dev.asterism.cli.cache.ExportJson;
import dev.asterism.cli.cache.LocalTending;
import dev.asterism.cli.cache.StoreContent;
import dev.asterism.cli.metrics.Metrics;
import java.io.IOException;
import java.util.List;

/// What the admin socket answers: docs/admin.md says it for clients.
public final class AdminEndpoints {
  private static final int AT_ONCE = 8; // requests: an operator, a scraper, a probe
  private static final int SCRAPES_AT_ONCE = 4;

  private AdminEndpoints() {}

  /// Returns everything, for the socket of root alone.
  static Routes all(DaemonView daemon, Metrics metrics) {
    TendingEndpoints tending =
        new TendingEndpoints(new LocalTending(daemon.root(), daemon.store(), daemon.clock()));
    return new Routes(AT_ONCE)
        .add("GET", "/healthz", (_, response) -> response.send(200, "text/plain", "ok\n"))
        .add("GET", "/readyz", (_, response) -> response.send(200, "text/plain", "ok\n"))
        .add("GET", "/metrics", (_, response) -> scrape(metrics, response))
        .add(
            "GET",
            "/v1/status",
            (_, response) -> response.send(200, Response.JSON, StatusJson.text(daemon)))
        .add(
            "GET",
            "/v1/images",
            (_, response) -> response.send(200, Response.JSON, LayersJson.text(daemon)))
        .add(
            "GET",
            "/v1/starts",
            (_, response) ->
                response.send(
                    200, Response.JSON, StartsJson.text(daemon.layers().starts().recent())))
        .add(
            "GET",
            "/v1/fetching",
            (_, response) ->
                response.send(200, Response.JSON, FetchingJson.text(List.of(daemon.layers()))))
        .add(
            "GET",
            "/v1/outages",
            (_, response) ->
                response.send(200, Response.JSON, OutagesJson.text(daemon.layers().outages())))
        .add(
            "GET",
            "/v1/cache/counters",
            (_, response) ->
                response.send(
                    200,
                    Response.JSON,
                    ContentJson.document(json -> {
                      json.writeStartObject();
                      CountersJson.fields(json, daemon.store());
                      json.writeEndObject();
                    })))
        .add("GET", "/v1/cache/stats", (_, response) -> stats(daemon, response))
        .add(
            "GET",
            "/v1/cache/export",
            (_, response) -> response.send(200, Response.JSON, ExportJson.text(content(daemon))))
        .add("POST", "/v1/cache/clean", tending::clean)
        .add("POST", "/v1/cache/verify", tending::verify)
        .add("GET", "/v1/cache/pins", tending::pins)
        .add("POST", "/v1/cache/pin", tending::pin)
        .add("POST", "/v1/cache/unpin", tending::unpin);
  }

  /// Returns what the metrics' own listener answers: nothing that changes anything.
  static Routes metricsOnly(Metrics metrics) {
    return new Routes(SCRAPES_AT_ONCE)
        .add("GET", "/metrics", (_, response) -> scrape(metrics, response));
  }

  private static StoreContent content(DaemonView daemon) throws IOException {
    return StoreContent.read(daemon.root(), _ -> {});
  }

  private static void stats(DaemonView daemon, Response response) throws IOException {
    StoreContent content = content(daemon);
    response.send(
        200,
        Response.JSON,
        ContentJson.document(json -> {
          json.writeStartObject();
          ContentJson.totals(json, content);
          json.writeObjectPropertyStart("daemon");
          CountersJson.fields(json, daemon.store());
          json.writeEndObject();
          json.writeEndObject();
        }));
  }

  private static void scrape(Metrics metrics, Response response) throws IOException {
    response.send(200, Metrics.CONTENT_TYPE, metrics.text());
  }
}
