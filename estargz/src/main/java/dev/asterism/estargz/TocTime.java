package dev.asterism.estargz;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
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

  /// Where a usual time has digits.
  private static final String USUAL = "0000-00-00T00:00:00Z";

  private TocTime() {}

  /// Returns the time that `text` stands for: the epoch for none; empty if it is no time.
  static Optional<Instant> parse(String text) {
    if (text.isEmpty() || text.equals(GO_ZERO)) {
      return Optional.of(Instant.EPOCH);
    }
    if (isUsual(text)) {
      return usual(text);
    }
    try {
      return Optional.of(FORMAT.parse(text, OffsetDateTime::from).toInstant());
    } catch (DateTimeParseException _) {
      return Optional.empty();
    }
  }

  /// Tells whether a text has the form of nearly all: four digits of the year, whole seconds, UTC.
  private static boolean isUsual(String text) {
    if (text.length() != USUAL.length()) {
      return false;
    }
    for (int i = 0; i < USUAL.length(); i++) {
      char c = text.charAt(i);
      char wanted = USUAL.charAt(i);
      if (wanted == '0' ? c < '0' || c > '9' : c != wanted) {
        return false;
      }
    }
    return true;
  }

  /// The same as [#FORMAT] says, in a twentieth of its time: a TOC has a time for every file.
  private static Optional<Instant> usual(String text) {
    try {
      return Optional.of(
          LocalDateTime.of(
                  Integer.parseInt(text, 0, 4, 10),
                  Integer.parseInt(text, 5, 7, 10),
                  Integer.parseInt(text, 8, 10, 10),
                  Integer.parseInt(text, 11, 13, 10),
                  Integer.parseInt(text, 14, 16, 10),
                  Integer.parseInt(text, 17, 19, 10))
              .toInstant(ZoneOffset.UTC));
    } catch (DateTimeException _) {
      return Optional.empty();
    }
  }

  /// Returns the text for `time`; empty for the epoch.
  static String format(Instant time) {
    return time.equals(Instant.EPOCH) ? "" : FORMAT.format(time.atOffset(ZoneOffset.UTC));
  }
}
