package dev.asterism.cli.admin;

import dev.asterism.cli.cache.ContentJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// The daemon's state as JSON.
final class StatusJson {
  private static final int KIB = 1024;

  private StatusJson() {}

  static String text(DaemonView daemon) throws IOException {
    Runtime runtime = Runtime.getRuntime();
    long resident = resident();
    return ContentJson.document(json -> {
      json.writeStartObject();
      json.writeStringProperty("version", daemon.version());
      json.writeNumberProperty("pid", ProcessHandle.current().pid());
      json.writeStringProperty("root", daemon.root().toString());
      json.writeStringProperty("started", daemon.started().toString());
      json.writeNumberProperty(
          "uptimeSeconds",
          Duration.between(daemon.started(), daemon.clock().instant()).toSeconds());
      json.writeNumberProperty("layersMounted", daemon.layers().mountedLayers().size());
      json.writeObjectPropertyStart("memory");
      json.writeNumberProperty("resident", resident);
      json.writeNumberProperty("heapUsed", runtime.totalMemory() - runtime.freeMemory());
      json.writeNumberProperty("heapMax", runtime.maxMemory());
      json.writeEndObject();
      json.writeEndObject();
    });
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
