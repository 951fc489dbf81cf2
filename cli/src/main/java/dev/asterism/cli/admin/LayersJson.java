package dev.asterism.cli.admin;

import dev.asterism.cli.cache.ContentJson;
import dev.asterism.content.Digest;
import dev.asterism.layers.LayerReport;
import dev.asterism.registry.RequestCounts;
import dev.asterism.snapshotter.ImageLayers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JsonGenerator;

/// The images of a node and how much of each is here, as JSON.
final class LayersJson {
  private LayersJson() {}

  static String text(DaemonView daemon) throws IOException {
    return text(List.of(Part.of("", daemon)));
  }

  /// As the other; each image has its namespace beside it.
  static String ofNamespaces(Map<String, DaemonView> namespaces) throws IOException {
    List<Part> parts = new ArrayList<>();
    for (Map.Entry<String, DaemonView> each : namespaces.entrySet()) {
      parts.add(Part.of(each.getKey(), each.getValue()));
    }
    return text(parts);
  }

  /// What shares one store.
  private record Part(
      String namespace,
      List<ImageLayers> images,
      Map<Digest, LayerReport> reports,
      RequestCounts requests) {
    static Part of(String namespace, DaemonView daemon) throws IOException {
      Map<Digest, LayerReport> reports = new HashMap<>();
      daemon.layers().reports().forEach(report -> reports.put(report.digest(), report));
      return new Part(namespace, ImageLayers.read(daemon.root()), reports, daemon.requests());
    }

    void write(JsonGenerator json) {
      Set<Digest> others = new HashSet<>(reports.keySet());
      images.forEach(image -> image.layers().forEach(others::remove));
      for (ImageLayers image : images) {
        List<LayerReport> layers =
            image.layers().stream()
                .flatMap(layer -> Optional.ofNullable(reports.get(layer)).stream())
                .toList();
        image(json, image.image(), image.layers().size(), layers);
      }
      if (!others.isEmpty()) {
        image(
            json,
            "",
            others.size(),
            reports.values().stream().filter(report -> others.contains(report.digest())).toList());
      }
    }

    private void image(JsonGenerator json, String name, int count, List<LayerReport> layers) {
      json.writeStartObject();
      if (!namespace.isEmpty()) {
        json.writeStringProperty("namespace", namespace);
      }
      json.writeStringProperty("image", name);
      json.writeNumberProperty("layerCount", count);
      json.writeNumberProperty("mounted", layers.size());
      json.writeNumberProperty(
          "completeLayers", layers.stream().filter(LayerReport::complete).count());
      json.writeNumberProperty("size", layers.stream().mapToLong(LayerReport::size).sum());
      json.writeNumberProperty("stored", layers.stream().mapToLong(LayerReport::stored).sum());
      json.writeObjectPropertyStart("sources");
      requests.sources(name).forEach(json::writeNumberProperty);
      json.writeEndObject();
      json.writeArrayPropertyStart("layers");
      for (LayerReport layer : layers) {
        json.writeStartObject();
        json.writeStringProperty("digest", layer.digest().toString());
        json.writeNumberProperty("blobBytes", layer.blobBytes());
        json.writeNumberProperty("size", layer.size());
        json.writeNumberProperty("stored", layer.stored());
        json.writeBooleanProperty("complete", layer.complete());
        json.writeBooleanProperty("verified", layer.verified());
        json.writeStringProperty("trouble", layer.trouble());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
  }

  private static String text(List<Part> parts) {
    return ContentJson.document(json -> {
      json.writeStartObject();
      json.writeArrayPropertyStart("images");
      parts.forEach(part -> part.write(json));
      json.writeEndArray();
      json.writeEndObject();
    });
  }
}
