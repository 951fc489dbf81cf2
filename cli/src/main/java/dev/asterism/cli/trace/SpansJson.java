package dev.asterism.cli.trace;

import dev.asterism.cli.cache.ContentJson;
import dev.asterism.content.Trace;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonGenerator;

/// Spans as OTLP has them in JSON: `ExportTraceServiceRequest` of `opentelemetry-proto`, with
/// numbers of 64 bits as texts and trace and span numbers in hexadecimal digits, as its
/// specification of JSON says.
final class SpansJson {
  private static final int FAILED = 2; // STATUS_CODE_ERROR

  private SpansJson() {}

  /// @param resource what is said of this process
  static String text(Map<String, String> resource, List<Trace.Span> spans) {
    return ContentJson.line(json -> {
      json.writeStartObject();
      json.writeArrayPropertyStart("resourceSpans");
      json.writeStartObject();
      json.writeObjectPropertyStart("resource");
      attributes(json, resource);
      json.writeEndObject();
      json.writeArrayPropertyStart("scopeSpans");
      json.writeStartObject();
      json.writeObjectPropertyStart("scope");
      json.writeStringProperty("name", "dev.asterism");
      json.writeEndObject();
      json.writeArrayPropertyStart("spans");
      spans.forEach(span -> span(json, span));
      json.writeEndArray();
      json.writeEndObject();
      json.writeEndArray();
      json.writeEndObject();
      json.writeEndArray();
      json.writeEndObject();
    });
  }

  private static void span(JsonGenerator json, Trace.Span span) {
    json.writeStartObject();
    json.writeStringProperty("traceId", span.place().trace());
    json.writeStringProperty("spanId", "%016x".formatted(span.place().span()));
    if (span.parent() != 0) {
      json.writeStringProperty("parentSpanId", "%016x".formatted(span.parent()));
    }
    json.writeStringProperty("name", span.name());
    json.writeNumberProperty(
        "kind",
        switch (span.kind()) {
          case INTERNAL -> 1;
          case SERVER -> 2;
          case CLIENT -> 3;
        });
    json.writeStringProperty("startTimeUnixNano", nanos(span.start()));
    json.writeStringProperty("endTimeUnixNano", nanos(span.start().plus(span.length())));
    attributes(json, span.attributes());
    json.writeObjectPropertyStart("status");
    if (span.failure().isPresent()) {
      json.writeNumberProperty("code", FAILED);
      json.writeStringProperty("message", span.failure().get());
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void attributes(JsonGenerator json, Map<String, ?> attributes) {
    json.writeArrayPropertyStart("attributes");
    attributes.forEach((name, value) -> {
      json.writeStartObject();
      json.writeStringProperty("key", name);
      json.writeObjectPropertyStart("value");
      if (value instanceof Long number) {
        json.writeStringProperty("intValue", Long.toString(number));
      } else {
        json.writeStringProperty("stringValue", String.valueOf(value));
      }
      json.writeEndObject();
      json.writeEndObject();
    });
    json.writeEndArray();
  }

  private static String nanos(Instant time) {
    return "%d%09d".formatted(time.getEpochSecond(), time.getNano());
  }
}
