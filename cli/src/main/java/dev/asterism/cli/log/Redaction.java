package dev.asterism.cli.log;

import java.util.regex.Pattern;

/// Takes out of a log line what opens doors: the last guard, should a caller forget.
final class Redaction {
  private static final Pattern CREDENTIALS =
      Pattern.compile("(?i)\\b(bearer|basic)\\s+[a-z0-9+/=._~-]{8,}");
  private static final Pattern USER = Pattern.compile("(?i)\\b([a-z][a-z0-9+.-]*://)[^/@\\s\"]*@");
  private static final Pattern QUERY = Pattern.compile("(?i)\\b(https?://[^\\s\"?]*)\\?[^\\s\"]*");

  private Redaction() {}

  /// Returns `text` without bearer and basic credentials, users in URLs, and queries of URLs, which
  /// carry the signatures of object stores.
  static String of(String text) {
    String safe = CREDENTIALS.matcher(text).replaceAll("$1 [redacted]");
    safe = USER.matcher(safe).replaceAll("$1[redacted]@");
    return QUERY.matcher(safe).replaceAll("$1?[redacted]");
  }
}
