package dev.asterism.cli.cache;

import dev.asterism.cli.admin.client.FlatJson;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/// What a daemon counts, for people: the lines that follow the store's content.
final class CountersText {
  private CountersText() {}

  static String text(FlatJson counters) {
    StringBuilder text = new StringBuilder();
    ContentText.line(
        text,
        "budget",
        "%s used, at most %s; %s of the disk free, %s to be left"
            .formatted(
                ByteText.of(counters.number("budget/used")),
                counters
                    .text("budget/maxSize")
                    .map(size -> ByteText.of(Long.parseLong(size)))
                    .orElse("any"),
                ByteText.of(counters.number("budget/free")),
                ByteText.of(counters.number("budget/minFree"))));
    counters.text("budget/unreachable").ifPresent(why -> ContentText.line(text, "", why));
    ContentText.line(
        text,
        "evicted",
        "%s objects, %s since the daemon started"
            .formatted(
                ByteText.count(counters.number("budget/evictedObjects")),
                ByteText.of(counters.number("budget/evictedBytes"))));
    ContentText.line(
        text,
        "added",
        "%s objects, %s written; %s links, %s not written thanks to them"
            .formatted(
                ByteText.count(counters.number("filesAdded")),
                ByteText.of(counters.number("bytesAdded")),
                ByteText.count(counters.number("linksMade")),
                ByteText.of(counters.number("bytesSaved"))));
    ContentText.line(text, "found", lookUps(counters));
    ContentText.line(text, "pins", ByteText.count(counters.number("pinned")) + " images");
    ContentText.line(text, "scrub", scrub(counters));
    ContentText.line(
        text,
        "failures",
        "links %s; writes %s; reads %s"
            .formatted(
                causes(counters, "linkFailures"),
                causes(counters, "writeFailures"),
                causes(counters, "readFailures")));
    return text.toString();
  }

  /// What the daemon looked for itself. What the kernel opens without asking is not counted.
  private static String lookUps(FlatJson counters) {
    long misses = counters.number("lookUps/misses");
    Map<String, Long> hits = new LinkedHashMap<>();
    counters
        .below("lookUps/hits")
        .forEach((source, count) -> hits.put(source, Long.parseLong(count)));
    long found = hits.values().stream().mapToLong(Long::longValue).sum();
    if (found + misses == 0) {
      return "nothing was looked for yet";
    }
    return "%s of %s chunks looked for (%.1f %%): %s; %s misses"
        .formatted(
            ByteText.count(found),
            ByteText.count(found + misses),
            100.0 * found / (found + misses),
            hits.entrySet().stream()
                .map(
                    source -> "%s %s".formatted(source.getKey(), ByteText.count(source.getValue())))
                .collect(Collectors.joining(", ")),
            ByteText.count(misses));
  }

  private static String scrub(FlatJson counters) {
    return "last complete %s; %s wrong, %s healed"
        .formatted(
            counters.text("scrub/lastComplete").orElse("never"),
            ByteText.count(counters.number("scrub/wrong")),
            ByteText.count(counters.number("scrub/healed")));
  }

  private static String causes(FlatJson counters, String place) {
    Map<String, String> causes = counters.below(place);
    return causes.isEmpty()
        ? "none"
        : causes.entrySet().stream()
            .map(cause -> "%s (%s)".formatted(cause.getValue(), cause.getKey()))
            .collect(Collectors.joining(", "));
  }
}
