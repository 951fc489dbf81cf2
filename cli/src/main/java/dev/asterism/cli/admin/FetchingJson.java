package dev.asterism.cli.admin;

import dev.asterism.cli.cache.ContentJson;
import dev.asterism.layers.FetchClass;
import dev.asterism.layers.FetchReport;
import dev.asterism.layers.LayerService;
import java.util.Locale;
import java.util.Map;
import tools.jackson.core.JsonGenerator;

/// What a daemon fetches now, and what it has fetched, as JSON.
final class FetchingJson {
  private FetchingJson() {}

  static String text(LayerService layers) {
    return ContentJson.document(json -> {
      json.writeStartObject();
      json.writeArrayPropertyStart("links");
      layers.fetches().forEach(link -> link(json, link));
      json.writeEndArray();
      counts(json, "bytes", layers.fetchedBytes());
      counts(json, "requests", layers.fetchRequests());
      json.writeEndObject();
    });
  }

  private static void link(JsonGenerator json, FetchReport link) {
    json.writeStartObject();
    json.writeStringProperty("registry", link.registry());
    json.writeNumberProperty("queued", link.queued());
    json.writeArrayPropertyStart("running");
    for (FetchReport.Range range : link.running()) {
      json.writeStartObject();
      json.writeStringProperty("layer", range.layer().toString());
      json.writeNumberProperty("start", range.start());
      json.writeNumberProperty("end", range.end());
      json.writeNumberProperty("arrived", range.arrived());
      json.writeStringProperty("why", name(range.why()));
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  /// Writes a field with a number for each cause.
  static void counts(JsonGenerator json, String field, Map<FetchClass, Long> counts) {
    json.writeObjectPropertyStart(field);
    counts.forEach((why, count) -> json.writeNumberProperty(name(why), count));
    json.writeEndObject();
  }

  private static String name(FetchClass why) {
    return why.name().toLowerCase(Locale.ROOT);
  }
}
