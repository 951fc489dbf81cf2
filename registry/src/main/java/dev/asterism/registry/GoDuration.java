package dev.asterism.registry;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Durations as Go's programs write them: `1m30s`, `500ms`, `1.5h`. Stateless.
public final class GoDuration {
  private static final Pattern WHOLE =
      Pattern.compile("(?:[0-9]{1,9}(?:\\.[0-9]{1,9})?(?:ms|[hms]))+");
  private static final Pattern PART = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)(ms|[hms])");
  private static final double NANOS = 1e9;

  private GoDuration() {}

  /// Returns it; empty if it is none, is zero, or is longer than a day.
  public static Optional<Duration> parse(String text) {
    if (!WHOLE.matcher(text).matches()) {
      return Optional.empty();
    }
    double seconds = 0;
    Matcher part = PART.matcher(text);
    while (part.find()) {
      double unit =
          switch (part.group(2)) {
            case "h" -> 3600;
            case "m" -> 60;
            case "s" -> 1;
            default -> 1e-3;
          };
      seconds += Double.parseDouble(part.group(1)) * unit;
    }
    Duration duration = Duration.ofNanos((long) (Math.min(seconds, 1e9) * NANOS));
    return duration.toMillis() >= 1 && duration.compareTo(Duration.ofDays(1)) <= 0
        ? Optional.of(duration)
        : Optional.empty();
  }
}
