package dev.asterism.cli.admin;

import dev.asterism.cli.cache.ContentJson;
import dev.asterism.layers.OutageReport;
import java.time.Instant;
import java.util.List;

/// Registries that are or were away, as JSON: first those that are, then the last that were.
final class OutagesJson {
  private OutagesJson() {}

  static String text(List<OutageReport> outages) {
    return ContentJson.document(json -> {
      json.writeStartObject();
      json.writeArrayPropertyStart("outages");
      for (OutageReport outage : outages) {
        json.writeStartObject();
        json.writeStringProperty("registry", outage.registry());
        json.writeStringProperty("since", outage.since().toString());
        json.writeStringProperty("ended", outage.ended().map(Instant::toString).orElse(""));
        json.writeNumberProperty("waiting", outage.waiting());
        json.writeStringProperty("image", outage.image());
        json.writeStringProperty("layer", outage.layer().toString());
        json.writeStringProperty("file", outage.file());
        json.writeNumberProperty("start", outage.start());
        json.writeNumberProperty("end", outage.end());
        json.writeStringProperty("cause", outage.cause());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    });
  }
}
