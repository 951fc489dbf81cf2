package dev.asterism.cli.demo;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How fast and how far away a registry is. Immutable.
///
/// @param bitsPerSecond in each direction, shared by all connections; positive
/// @param roundTrip time of a message there and back
public record LinkSpeed(long bitsPerSecond, Duration roundTrip) {
  private static final Pattern TEXT = Pattern.compile("(\\d{1,6})(k|m|g)bit,(\\d{1,5})ms");

  /// Reads a text such as `200mbit,20ms`.
  ///
  /// @throws IllegalArgumentException if it has another form, or no bandwidth
  public static LinkSpeed parse(String text) {
    Matcher parts = TEXT.matcher(text.toLowerCase(Locale.ROOT));
    if (!parts.matches() || Long.parseLong(parts.group(1)) == 0) {
      throw new IllegalArgumentException(
          "'%s' is no link: write it like 200mbit,20ms".formatted(text));
    }
    long unit =
        switch (parts.group(2)) {
          case "k" -> 1_000;
          case "m" -> 1_000_000;
          default -> 1_000_000_000;
        };
    return new LinkSpeed(
        Long.parseLong(parts.group(1)) * unit,
        Duration.ofMillis(Long.parseLong(parts.group(3))));
  }

  /// Returns it for people.
  @Override
  public String toString() {
    return "%d Mbit/s, %d ms".formatted(bitsPerSecond / 1_000_000, roundTrip.toMillis());
  }
}
