package dev.asterism.cli.admin;

import dev.asterism.cli.cache.ContentJson;
import dev.asterism.layers.FetchClass;
import dev.asterism.layers.FetchReport;
import dev.asterism.layers.LayerService;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.core.JsonGenerator;

/// What a daemon fetches now, and what it has fetched, as JSON.
final class FetchingJson {
  private FetchingJson() {}

  /// @param services whose fetching is one daemon's
  static String text(List<LayerService> services) {
    return ContentJson.document(json -> {
      json.writeStartObject();
      json.writeArrayPropertyStart("links");
      services.forEach(layers -> layers.fetches().forEach(link -> link(json, link)));
      json.writeEndArray();
      counts(json, "bytes", sum(services, LayerService::fetchedBytes));
      counts(json, "requests", sum(services, LayerService::fetchRequests));
      json.writeEndObject();
    });
  }

  private static Map<FetchClass, Long> sum(
      List<LayerService> services, Function<LayerService, Map<FetchClass, Long>> counts) {
    Map<FetchClass, Long> sum = new EnumMap<>(FetchClass.class);
    services.forEach(
        layers -> counts.apply(layers).forEach((why, count) -> sum.merge(why, count, Long::sum)));
    return sum;
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

  /// Returns how a cause is written.
  static String name(Enum<?> why) {
    return why.name().toLowerCase(Locale.ROOT);
  }
}
