package dev.asterism.cli.admin;

import dev.asterism.cli.cache.ContentJson;
import dev.asterism.layers.StartRecord;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
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

  /// Returns all that is known of one.
  static String timeline(StartRecord start) {
    return ContentJson.document(json -> {
      json.writeStartObject();
      fields(json, start);
      json.writeObjectPropertyStart("timeline");
      StartRecord.Timeline timeline = start.timeline();
      json.writeNumberProperty("unlistedRequests", timeline.unlistedRequests());
      json.writeNumberProperty("unlistedWaits", timeline.unlistedPauses());
      json.writeArrayPropertyStart("requests");
      timeline.requests().forEach(request -> write(json, request));
      json.writeEndArray();
      json.writeArrayPropertyStart("waits");
      timeline.pauses().forEach(pause -> write(json, pause));
      json.writeEndArray();
      json.writeEndObject();
      json.writeEndObject();
    });
  }

  private static void write(JsonGenerator json, StartRecord.Request request) {
    json.writeStartObject();
    micros(json, "beginMicros", request.begin());
    micros(json, "answeredMicros", request.answered());
    micros(json, "endMicros", request.end());
    json.writeStringProperty("layer", request.layer().toString());
    json.writeNumberProperty("start", request.range().start());
    json.writeNumberProperty("end", request.range().end());
    json.writeNumberProperty("bytes", request.bytes());
    json.writeStringProperty("why", FetchingJson.name(request.why()));
    json.writeBooleanProperty("whole", request.whole());
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, StartRecord.Pause pause) {
    json.writeStartObject();
    micros(json, "beginMicros", pause.begin());
    micros(json, "endMicros", pause.end());
    json.writeStringProperty("path", pause.path());
    json.writeNumberProperty("requests", pause.requests());
    json.writeStringProperty("cause", FetchingJson.name(pause.cause()));
    json.writeEndObject();
  }

  private static void micros(JsonGenerator json, String field, Duration time) {
    json.writeNumberProperty(field, TimeUnit.NANOSECONDS.toMicros(time.toNanos()));
  }

  private static void write(JsonGenerator json, StartRecord start) {
    json.writeStartObject();
    fields(json, start);
    json.writeEndObject();
  }

  private static void fields(JsonGenerator json, StartRecord start) {
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
    json.writeObjectPropertyStart("causes");
    start
        .causes()
        .forEach((why, cause) -> {
          json.writeObjectPropertyStart(FetchingJson.name(why));
          json.writeNumberProperty("waits", cause.calls());
          json.writeNumberProperty("millis", cause.time().toMillis());
          json.writeNumberProperty("bytes", cause.bytes());
          json.writeNumberProperty("requests", cause.requests());
          json.writeEndObject();
        });
    json.writeEndObject();
    json.writeArrayPropertyStart("longest");
    for (StartRecord.Wait wait : start.waits()) {
      json.writeStartObject();
      json.writeStringProperty("path", wait.path());
      json.writeNumberProperty("calls", wait.calls());
      json.writeNumberProperty("millis", wait.time().toMillis());
      json.writeNumberProperty("bytes", wait.bytes());
      json.writeNumberProperty("requests", wait.requests());
      json.writeStringProperty("cause", FetchingJson.name(wait.cause()));
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
