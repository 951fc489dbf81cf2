package dev.asterism.cli.cache;

import dev.asterism.cache.CacheCounters;
import dev.asterism.cache.Cause;
import dev.asterism.cache.DirectoryCache;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JsonGenerator;

/// What a running store has done, as JSON.
public final class CountersJson {
  private CountersJson() {}

  /// Writes the fields into the object that is open.
  public static void fields(JsonGenerator json, DirectoryCache store) {
    CacheCounters counters = store.counters();
    json.writeNumberProperty("filesAdded", counters.filesAdded());
    json.writeNumberProperty("bytesAdded", counters.bytesAdded());
    json.writeNumberProperty("linksMade", counters.linksMade());
    json.writeNumberProperty("bytesSaved", counters.bytesShared());
    json.writeNumberProperty("secondInodes", counters.secondInodes());
    json.writeNumberProperty("filesCompleted", counters.filesCompleted());
    json.writeNumberProperty("syncs", counters.syncs());
    json.writeNumberProperty("restored", counters.restored());
    json.writeNumberProperty("damaged", counters.damaged());
    causes(json, "linkFailures", counters.linkFailures());
    causes(json, "writeFailures", counters.writeFailures());
    causes(json, "readFailures", counters.readFailures());
  }

  private static void causes(JsonGenerator json, String name, Map<Cause, Long> counts) {
    json.writeObjectPropertyStart(name);
    new TreeMap<>(counts)
        .forEach((cause, count) -> {
          if (count > 0) {
            json.writeNumberProperty(cause.name().toLowerCase(Locale.ROOT), count);
          }
        });
    json.writeEndObject();
  }
}
