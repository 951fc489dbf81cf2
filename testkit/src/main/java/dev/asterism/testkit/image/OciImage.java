package dev.asterism.testkit.image;

import dev.asterism.content.Digest;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import tools.jackson.core.JsonEncoding;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/// An image as a registry stores it: OCI image specification, "Image Manifest" and "Image
/// Configuration". Immutable.
///
/// @param layers lowest first
/// @param config the configuration, JSON
/// @param manifest the manifest, JSON
public record OciImage(List<OciLayer> layers, String config, String manifest) {
  /// Media type of [#manifest].
  public static final String MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

  private static final String CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";
  private static final String LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip";
  private static final JsonFactory JSON = new JsonFactory();

  /// Copies the list.
  public OciImage {
    layers = List.copyOf(layers);
  }

  /// Describes an image for the architecture of this machine.
  ///
  /// @param layers lowest first
  /// @param command what a container of it runs
  public static OciImage of(List<OciLayer> layers, List<String> command) {
    String config = config(layers, command);
    return new OciImage(layers, config, manifest(layers, config));
  }

  /// Returns the bytes of all its layers in the registry.
  public long compressedSize() {
    return layers.stream().mapToLong(layer -> layer.written().size()).sum();
  }

  /// Returns the bytes of all its layers' tars.
  public long unpackedSize() {
    return layers.stream().mapToLong(layer -> layer.written().uncompressedSize()).sum();
  }

  private static String config(List<OciLayer> layers, List<String> command) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = generator(bytes)) {
      json.writeStartObject();
      json.writeStringProperty("architecture", architecture());
      json.writeStringProperty("os", "linux");
      json.writeObjectPropertyStart("config");
      json.writeArrayPropertyStart("Env");
      json.writeString("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
      json.writeEndArray();
      json.writeArrayPropertyStart("Cmd");
      command.forEach(json::writeString);
      json.writeEndArray();
      json.writeEndObject();
      json.writeObjectPropertyStart("rootfs");
      json.writeStringProperty("type", "layers");
      json.writeArrayPropertyStart("diff_ids");
      layers.forEach(layer -> json.writeString(layer.written().diffId().toString()));
      json.writeEndArray();
      json.writeEndObject();
      json.writeEndObject();
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static String manifest(List<OciLayer> layers, String config) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] configBytes = config.getBytes(StandardCharsets.UTF_8);
    try (JsonGenerator json = generator(bytes)) {
      json.writeStartObject();
      json.writeNumberProperty("schemaVersion", 2);
      json.writeStringProperty("mediaType", MANIFEST_TYPE);
      json.writeObjectPropertyStart("config");
      descriptor(json, CONFIG_TYPE, Digest.of(configBytes), configBytes.length);
      json.writeEndObject();
      json.writeArrayPropertyStart("layers");
      for (OciLayer layer : layers) {
        json.writeStartObject();
        descriptor(json, LAYER_TYPE, layer.written().digest(), layer.written().size());
        json.writeObjectPropertyStart("annotations");
        layer.written().annotations().forEach(json::writeStringProperty);
        json.writeEndObject();
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static void descriptor(JsonGenerator json, String type, Digest digest, long size) {
    json.writeStringProperty("mediaType", type);
    json.writeStringProperty("digest", digest.toString());
    json.writeNumberProperty("size", size);
  }

  private static JsonGenerator generator(ByteArrayOutputStream bytes) {
    return JSON.createGenerator(ObjectWriteContext.empty(), bytes, JsonEncoding.UTF8);
  }

  /// Returns the name that Go, and so OCI, has for this architecture.
  private static String architecture() {
    return switch (System.getProperty("os.arch", "")) {
      case "aarch64" -> "arm64";
      case String other -> other;
    };
  }
}
