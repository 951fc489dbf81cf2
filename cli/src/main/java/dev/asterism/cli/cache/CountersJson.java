package dev.asterism.cli.cache;

import dev.asterism.cache.BudgetStatus;
import dev.asterism.cache.CacheCounters;
import dev.asterism.cache.CachedChunk;
import dev.asterism.cache.Cause;
import dev.asterism.cache.DirectoryCache;
import dev.asterism.cache.ScrubStatus;
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
    lookUps(json, store);
    budget(json, store.budget());
    json.writeNumberProperty("pinned", store.pins().size());
    scrub(json, store.scrub());
  }

  private static void lookUps(JsonGenerator json, DirectoryCache store) {
    long found = 0;
    json.writeObjectPropertyStart("lookUps");
    json.writeObjectPropertyStart("hits");
    for (Map.Entry<CachedChunk.Source, Long> hits : store.hits().entrySet()) {
      json.writeNumberProperty(hits.getKey().label(), hits.getValue());
      found += hits.getValue();
    }
    json.writeEndObject();
    long missed = store.misses();
    json.writeNumberProperty("misses", missed);
    if (found + missed > 0) {
      json.writeNumberProperty("hitRate", (double) found / (found + missed));
    }
    json.writeEndObject();
  }

  private static void budget(JsonGenerator json, BudgetStatus budget) {
    json.writeObjectPropertyStart("budget");
    json.writeNumberProperty("used", budget.used());
    budget.maxSize().ifPresent(size -> json.writeNumberProperty("maxSize", size));
    json.writeNumberProperty("total", budget.total());
    json.writeNumberProperty("free", budget.free());
    json.writeNumberProperty("minFree", budget.minFree());
    json.writeNumberProperty("evictedObjects", budget.evictedObjects());
    json.writeNumberProperty("evictedBytes", budget.evictedBytes());
    budget.unreachable().ifPresent(why -> json.writeStringProperty("unreachable", why));
    json.writeEndObject();
  }

  private static void scrub(JsonGenerator json, ScrubStatus scrub) {
    json.writeObjectPropertyStart("scrub");
    scrub
        .lastComplete()
        .ifPresent(when -> json.writeStringProperty("lastComplete", when.toString()));
    scrub.begun().ifPresent(when -> json.writeStringProperty("begun", when.toString()));
    json.writeNumberProperty("files", scrub.files());
    json.writeNumberProperty("bytes", scrub.bytes());
    json.writeNumberProperty("wrong", scrub.wrong());
    json.writeNumberProperty("healed", scrub.healed());
    json.writeEndObject();
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
