package dev.asterism.testkit.registry;

import dev.asterism.content.Digest;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/// Writes the JSON documents of the OCI image specification.
final class Documents {
  static final String IMAGE_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  static final String IMAGE_INDEX = "application/vnd.oci.image.index.v1+json";
  static final String IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json";

  private static final JsonFactory JSON = new JsonFactory();

  private Documents() {}

  static byte[] config(ImageConfig config, List<TestLayer> layers) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), out)) {
      json.writeStartObject();
      json.writeStringProperty("architecture", config.architecture());
      json.writeStringProperty("os", config.os());
      json.writeObjectPropertyStart("config");
      strings(json, "Cmd", config.command());
      strings(json, "Env", config.environment());
      if (!config.workingDirectory().isEmpty()) {
        json.writeStringProperty("WorkingDir", config.workingDirectory());
      }
      json.writeEndObject();
      json.writeObjectPropertyStart("rootfs");
      json.writeStringProperty("type", "layers");
      strings(json, "diff_ids", layers.stream().map(l -> l.diffId().toString()).toList());
      json.writeEndObject();
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  static byte[] manifest(Content config, List<TestLayer> layers) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), out)) {
      json.writeStartObject();
      json.writeNumberProperty("schemaVersion", 2);
      json.writeStringProperty("mediaType", IMAGE_MANIFEST);
      json.writeObjectPropertyStart("config");
      descriptor(json, IMAGE_CONFIG, config.digest(), config.size(), Map.of());
      json.writeEndObject();
      json.writeArrayPropertyStart("layers");
      for (TestLayer layer : layers) {
        Content content = layer.content();
        json.writeStartObject();
        descriptor(json, layer.mediaType(), content.digest(), content.size(), layer.annotations());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  static byte[] index(List<TestImage> images) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), out)) {
      json.writeStartObject();
      json.writeNumberProperty("schemaVersion", 2);
      json.writeStringProperty("mediaType", IMAGE_INDEX);
      json.writeArrayPropertyStart("manifests");
      for (TestImage image : images) {
        json.writeStartObject();
        descriptor(json, IMAGE_MANIFEST, image.manifest(), image.manifestSize(), Map.of());
        json.writeObjectPropertyStart("platform");
        json.writeStringProperty("os", image.settings().os());
        json.writeStringProperty("architecture", image.settings().architecture());
        json.writeEndObject();
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  private static void descriptor(
      JsonGenerator json,
      String mediaType,
      Digest digest,
      long size,
      Map<String, String> annotations) {
    json.writeStringProperty("mediaType", mediaType);
    json.writeStringProperty("digest", digest.toString());
    json.writeNumberProperty("size", size);
    if (!annotations.isEmpty()) {
      json.writeObjectPropertyStart("annotations");
      annotations.forEach(json::writeStringProperty);
      json.writeEndObject();
    }
  }

  private static void strings(JsonGenerator json, String name, List<String> values) {
    json.writeArrayPropertyStart(name);
    values.forEach(json::writeString);
    json.writeEndArray();
  }
}
