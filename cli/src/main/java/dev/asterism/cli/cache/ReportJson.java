package dev.asterism.cli.cache;

import dev.asterism.cache.CleanReport;
import dev.asterism.cache.Finding;
import dev.asterism.cache.Pin;
import dev.asterism.cache.VerifyReport;
import dev.asterism.content.Digest;
import java.util.List;
import tools.jackson.core.JsonGenerator;

/// What tending the store did, as JSON: the same whether the daemon did it or the command itself.
public final class ReportJson {
  private ReportJson() {}

  /// Writes an object.
  public static void clean(JsonGenerator json, CleanReport report) {
    json.writeStartObject();
    json.writeNumberProperty("objects", report.objects());
    json.writeNumberProperty("bytes", report.bytes());
    json.writeNumberProperty("staleLinks", report.staleLinks());
    json.writeNumberProperty("emptyDirectories", report.emptyDirectories());
    json.writeNumberProperty("unfinished", report.unfinished());
    json.writeNumberProperty("lostMappings", report.lostMappings());
    json.writeArrayPropertyStart("layersGone");
    report.layersGone().stream().map(Digest::toString).forEach(json::writeString);
    json.writeEndArray();
    json.writeEndObject();
  }

  /// Writes an object.
  public static void verify(JsonGenerator json, VerifyReport report) {
    json.writeStartObject();
    json.writeNumberProperty("files", report.files());
    json.writeNumberProperty("bytes", report.bytes());
    json.writeArrayPropertyStart("findings");
    for (Finding finding : report.findings()) {
      json.writeStartObject();
      json.writeStringProperty("path", finding.path().toString());
      json.writeStringProperty("what", finding.text());
      json.writeBooleanProperty("repaired", finding.repaired());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeNumberProperty("findingsLeftOut", report.findingsLeftOut());
    json.writeEndObject();
  }

  /// Writes the field `pins`.
  public static void pins(JsonGenerator json, List<Pin> pins) {
    json.writeArrayPropertyStart("pins");
    for (Pin pin : pins) {
      json.writeStartObject();
      json.writeStringProperty("image", pin.image());
      json.writeArrayPropertyStart("layers");
      pin.layers().stream().map(Digest::toString).forEach(json::writeString);
      json.writeEndArray();
      json.writeStringProperty("since", pin.since().toString());
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
