package dev.asterism.cli.admin;

import dev.asterism.cli.cache.ContentJson;
import dev.asterism.layers.StartRecord;
import java.util.List;
import tools.jackson.core.JsonGenerator;

/// The starts that a daemon has seen, as JSON, the last one first.
final class StartsJson {
  private StartsJson() {}

  static String text(List<StartRecord> starts) {
    return ContentJson.document(json -> {
      json.writeStartObject();
      json.writeArrayPropertyStart("starts");
      starts.forEach(start -> write(json, start));
      json.writeEndArray();
      json.writeEndObject();
    });
  }

  private static void write(JsonGenerator json, StartRecord start) {
    json.writeStartObject();
    json.writeStringProperty("image", start.image());
    json.writeStringProperty("began", start.began().toString());
    json.writeNumberProperty("millis", start.length().toMillis());
    json.writeNumberProperty("mountMillis", start.untilMount().toMillis());
    json.writeNumberProperty("files", start.files());
    json.writeNumberProperty("usedBytes", start.usedBytes());
    json.writeNumberProperty("unusedBytes", start.unusedBytes());
    json.writeNumberProperty("waits", start.waitCount());
    json.writeNumberProperty("waitedMillis", start.waited().toMillis());
    json.writeNumberProperty("failures", start.failures());
    FetchingJson.counts(json, "bytes", start.bytes());
    FetchingJson.counts(json, "requests", start.requests());
    json.writeArrayPropertyStart("longest");
    for (StartRecord.Wait wait : start.waits()) {
      json.writeStartObject();
      json.writeStringProperty("path", wait.path());
      json.writeNumberProperty("calls", wait.calls());
      json.writeNumberProperty("millis", wait.time().toMillis());
      json.writeNumberProperty("bytes", wait.bytes());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }
}
