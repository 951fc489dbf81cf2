package dev.asterism.cli.admin;

import dev.asterism.cli.admin.client.FlatJson;
import java.io.IOException;

/// One request, whole. Immutable.
///
/// @param method such as `GET`
/// @param path without the query, decoded, beginning with a slash
/// @param text the body, of at most [HttpListener#MAX_BODY] bytes
record Request(String method, String path, String text) {
  /// Returns the body.
  FlatJson json() throws BadRequestException {
    try {
      return FlatJson.parse(text);
    } catch (IOException e) {
      throw new BadRequestException("the body is " + e.getMessage());
    }
  }

  /// Returns the image that the body names.
  String image() throws BadRequestException {
    return json()
        .text("image")
        .orElseThrow(() -> new BadRequestException("the body names no image"));
  }
}
