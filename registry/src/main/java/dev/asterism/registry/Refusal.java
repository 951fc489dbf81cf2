package dev.asterism.registry;

import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/// Makes an exception from an answer with an error status.
final class Refusal {
  private static final int MAX_BODY = 16 << 10; // 16 KiB
  private static final Duration LONGEST_PAUSE = Duration.ofDays(1);

  private Refusal() {}

  /// Reads what the answer says about itself, and closes it.
  static RegistryException of(Answer answer, InstantSource clock) {
    try (answer) {
      return RegistryException.refused(
          answer.what(),
          answer.status(),
          code(answer),
          isPassing(answer.status()),
          retryAfter(answer, clock));
    }
  }

  /// Statuses that another try may not meet (RFC 9110, section 15; RFC 6585, section 4).
  private static boolean isPassing(int status) {
    return switch (status) {
      case 408, 425, 429, 500, 502, 503, 504 -> true;
      default -> status > 505;
    };
  }

  /// Returns the first `code` of the distribution specification's error body ("Error Codes"). The
  /// messages beside it are free text and may quote anything, so they are left out.
  private static String code(Answer answer) {
    byte[] body;
    try {
      body = answer.readNBytes(MAX_BODY);
    } catch (IOException _) {
      return ""; // the status is what counts
    }
    try (JsonParser parser = JsonObject.JSON.createParser(ObjectReadContext.empty(), body)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token == JsonToken.PROPERTY_NAME && parser.currentName().equals("code")) {
          return parser.nextToken() == JsonToken.VALUE_STRING ? word(parser.getString()) : "";
        }
      }
      return "";
    } catch (JacksonException _) {
      return "";
    }
  }

  private static String word(String code) {
    return code.matches("[A-Za-z0-9_]{1,64}") ? code : "";
  }

  /// Returns the pause that `Retry-After` asks for, as seconds or as a date (RFC 9110, section
  /// 10.2.3); zero without it.
  private static Duration retryAfter(Answer answer, InstantSource clock) {
    String text = answer.header("Retry-After").orElse("").strip();
    if (text.matches("[0-9]{1,9}")) {
      return shorter(Duration.ofSeconds(Long.parseLong(text)));
    }
    try {
      ZonedDateTime date = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME);
      Duration pause = Duration.between(clock.instant(), date.toInstant());
      return pause.isNegative() ? Duration.ZERO : shorter(pause);
    } catch (DateTimeParseException _) {
      return Duration.ZERO;
    }
  }

  private static Duration shorter(Duration pause) {
    return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
  }
}
