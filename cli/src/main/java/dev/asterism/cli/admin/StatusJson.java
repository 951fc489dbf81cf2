package dev.asterism.cli.admin;

import dev.asterism.cli.cache.ContentJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.SortedMap;
import tools.jackson.core.JsonGenerator;

/// The daemon's state as JSON.
final class StatusJson {
  private static final int KIB = 1024;

  private StatusJson() {}

  static String text(DaemonView daemon) throws IOException {
    long resident = resident();
    return ContentJson.document(json -> {
      json.writeStartObject();
      process(json, daemon.version(), daemon.root(), daemon.started(), daemon.clock());
      json.writeNumberProperty("layersMounted", daemon.layers().mountedLayers().size());
      memory(json, resident);
      json.writeEndObject();
    });
  }

  static String text(NamespacesView daemon) throws IOException {
    long resident = resident();
    SortedMap<String, DaemonView> namespaces = daemon.namespaces().get();
    return ContentJson.document(json -> {
      json.writeStartObject();
      process(json, daemon.version(), daemon.root(), daemon.started(), daemon.clock());
      json.writeNumberProperty(
          "layersMounted",
          namespaces.values().stream()
              .mapToInt(each -> each.layers().mountedLayers().size())
              .sum());
      memory(json, resident);
      json.writeArrayPropertyStart("namespaces");
      namespaces.forEach((name, each) -> {
        json.writeStartObject();
        json.writeStringProperty("namespace", name);
        json.writeStringProperty("root", each.root().toString());
        json.writeNumberProperty("layersMounted", each.layers().mountedLayers().size());
        json.writeEndObject();
      });
      json.writeEndArray();
      json.writeEndObject();
    });
  }

  private static void process(
      JsonGenerator json, String version, Path root, Instant started, InstantSource clock) {
    json.writeStringProperty("version", version);
    json.writeNumberProperty("pid", ProcessHandle.current().pid());
    json.writeStringProperty("root", root.toString());
    json.writeStringProperty("started", started.toString());
    json.writeNumberProperty(
        "uptimeSeconds", Duration.between(started, clock.instant()).toSeconds());
  }

  private static void memory(JsonGenerator json, long resident) {
    Runtime runtime = Runtime.getRuntime();
    json.writeObjectPropertyStart("memory");
    json.writeNumberProperty("resident", resident);
    json.writeNumberProperty("heapUsed", runtime.totalMemory() - runtime.freeMemory());
    json.writeNumberProperty("heapMax", runtime.maxMemory());
    json.writeEndObject();
  }

  /// Returns the bytes of the process that are in memory: `VmRSS` in proc(5).
  private static long resident() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("/proc/self/status"));
    return lines.stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .map(line -> line.replaceAll("\\D", ""))
        .mapToLong(kib -> Long.parseLong(kib) * KIB)
        .findFirst()
        .orElse(0);
  }
}
