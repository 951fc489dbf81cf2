package dev.asterism.cli.admin.client;

import java.io.IOException;

/// What both ends of the admin socket say of failures.
final class AdminJson {
  private AdminJson() {}

  /// Returns the reason in the body of a failure; the body itself where there is none.
  static String error(String body) {
    try {
      return FlatJson.parse(body).text("error").orElse(body.strip());
    } catch (IOException _) {
      return body.strip();
    }
  }
}
