package dev.asterism.cli.admin;

import dev.asterism.cli.cache.ContentJson;
import dev.asterism.cli.cache.CountersJson;
import dev.asterism.cli.cache.ExportJson;
import dev.asterism.cli.cache.LocalTending;
import dev.asterism.cli.cache.StoreContent;
import java.io.IOException;

/// What the admin socket answers: docs/admin.md says it for clients.
public final class AdminEndpoints {
  private AdminEndpoints() {}

  /// Returns everything, for the socket of root alone.
  static Routes all(DaemonView daemon, StateEndpoints.State state) {
    TendingEndpoints tending =
        new TendingEndpoints(new LocalTending(daemon.root(), daemon.store(), daemon.clock()));
    return StateEndpoints.of(state)
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
}
