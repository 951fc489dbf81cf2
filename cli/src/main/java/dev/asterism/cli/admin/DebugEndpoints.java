package dev.asterism.cli.admin;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import dev.asterism.cli.cache.ContentJson;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;

/// What the debug socket answers: the state of the Java that runs the daemon.
final class DebugEndpoints {
  private static final int AT_ONCE = 2; // requests: whoever asks is a person
  private static final long MAX_DUMP = 64L << 20; // 64 MiB

  private DebugEndpoints() {}

  static Routes all(Path root) {
    return new Routes(AT_ONCE)
        .add("GET", "/debug/vars", (_, response) -> response.send(200, Response.JSON, variables()))
        .add(
            "GET",
            "/debug/threads",
            (_, response) -> response.send(200, "text/plain", threads(root)));
  }

  private static String variables() {
    MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    MemoryUsage other = ManagementFactory.getMemoryMXBean().getNonHeapMemoryUsage();
    return ContentJson.document(json -> {
      json.writeStartObject();
      json.writeObjectPropertyStart("memory");
      json.writeNumberProperty("heapUsed", heap.getUsed());
      json.writeNumberProperty("heapCommitted", heap.getCommitted());
      json.writeNumberProperty("heapMax", heap.getMax());
      json.writeNumberProperty("otherUsed", other.getUsed());
      for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
        json.writeNumberProperty("buffers-" + pool.getName(), pool.getMemoryUsed());
      }
      json.writeEndObject();
      json.writeObjectPropertyStart("collections");
      for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
        json.writeObjectPropertyStart(collector.getName());
        json.writeNumberProperty("count", collector.getCollectionCount());
        json.writeNumberProperty("milliseconds", collector.getCollectionTime());
        json.writeEndObject();
      }
      json.writeEndObject();
      json.writeNumberProperty(
          "platformThreads", ManagementFactory.getThreadMXBean().getThreadCount());
      json.writeNumberProperty(
          "loadedClasses", ManagementFactory.getClassLoadingMXBean().getLoadedClassCount());
      json.writeEndObject();
    });
  }

  /// Returns the stacks of all threads, virtual ones too. Java writes them to files only.
  private static String threads(Path root) throws IOException {
    Path folder = Files.createTempDirectory(root, "threads"); // 0700
    Path file = folder.resolve("dump");
    try {
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .dumpThreads(file.toString(), ThreadDumpFormat.TEXT_PLAIN);
      long size = Files.size(file);
      if (size > MAX_DUMP) {
        throw new IOException("a thread dump of %d bytes, more than %d".formatted(size, MAX_DUMP));
      }
      return Files.readString(file);
    } finally {
      Files.deleteIfExists(file);
      Files.delete(folder);
    }
  }
}
