package dev.asterism.estargz;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.chrono.IsoChronology;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.time.format.ResolverStyle;
import java.time.format.SignStyle;
import java.time.temporal.ChronoField;
import java.util.Locale;
import java.util.Optional;

/// Times as the TOC writes them: RFC 3339, but with as many digits of the year as it needs, as Go
/// prints it.
final class TocTime {
  private static final DateTimeFormatter FORMAT =
      new DateTimeFormatterBuilder()
          .appendValue(ChronoField.YEAR, 4, 9, SignStyle.NORMAL)
          .appendPattern("-MM-dd'T'HH:mm:ss")
          .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
          .appendOffset("+HH:MM", "Z")
          .toFormatter(Locale.ROOT)
          .withResolverStyle(ResolverStyle.STRICT)
          .withChronology(IsoChronology.INSTANCE);

  /// Go's zero time, which stands for "none".
  private static final String GO_ZERO = "0001-01-01T00:00:00Z";

  private TocTime() {}

  /// Returns the time that `text` stands for: the epoch for none; empty if it is no time.
  static Optional<Instant> parse(String text) {
    if (text.isEmpty() || text.equals(GO_ZERO)) {
      return Optional.of(Instant.EPOCH);
    }
    try {
      return Optional.of(FORMAT.parse(text, OffsetDateTime::from).toInstant());
    } catch (DateTimeParseException _) {
      return Optional.empty();
    }
  }

  /// Returns the text for `time`; empty for the epoch.
  static String format(Instant time) {
    return time.equals(Instant.EPOCH) ? "" : FORMAT.format(time.atOffset(ZoneOffset.UTC));
  }
}
