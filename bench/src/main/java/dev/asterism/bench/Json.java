package dev.asterism.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import tools.jackson.core.JsonEncoding;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/// The figures for other programs: every sample, not only the medians.
final class Json {
  private static final JsonFactory FACTORY = new JsonFactory();

  private Json() {}

  /// Writes `file`.
  ///
  /// @param conditions what a reader must know to judge the figures: name and value
  static void write(
      Path file, Map<String, String> conditions, Figures figures, List<Snapshotter> snapshotters)
      throws IOException {
    try (OutputStream out = Files.newOutputStream(file);
        JsonGenerator json =
            FACTORY.createGenerator(ObjectWriteContext.empty(), out, JsonEncoding.UTF8)) {
      json.writeStartObject();
      conditions.forEach(json::writeStringProperty);
      json.writeArrayPropertyStart("figures");
      figures.rows().forEach(row -> writeRow(json, row, figures, snapshotters));
      json.writeEndArray();
      json.writeEndObject();
    }
  }

  private static void writeRow(
      JsonGenerator json, Figures.Row row, Figures figures, List<Snapshotter> snapshotters) {
    json.writeStartObject();
    json.writeStringProperty("measure", row.measure().name());
    json.writeStringProperty("title", row.measure().title());
    json.writeStringProperty("image", row.image());
    json.writeStringProperty("unit", row.measure().unit().name());
    writeIfPresent(json, "target", row.measure().target());
    json.writeObjectPropertyStart("snapshotters");
    for (Snapshotter snapshotter : snapshotters) {
      writeSamples(json, row, figures, snapshotter.name());
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void writeSamples(
      JsonGenerator json, Figures.Row row, Figures figures, String snapshotter) {
    List<Double> samples = figures.samples(row, snapshotter);
    if (samples.isEmpty()) {
      return;
    }
    json.writeObjectPropertyStart(snapshotter);
    json.writeArrayPropertyStart("samples");
    samples.forEach(json::writeNumber);
    json.writeEndArray();
    writeIfPresent(json, "median", figures.median(row, snapshotter));
    writeIfPresent(json, "score", figures.score(row, snapshotter));
    json.writeEndObject();
  }

  private static void writeIfPresent(JsonGenerator json, String name, OptionalDouble value) {
    if (value.isPresent()) {
      json.writeNumberProperty(name, value.getAsDouble());
    }
  }
}
