package dev.asterism.cli.admin;

import java.nio.charset.StandardCharsets;

/// One request, whole. Immutable, but for the array that nobody changes.
///
/// @param method such as `GET`
/// @param path without the query, decoded, beginning with a slash
/// @param body at most [HttpListener#MAX_BODY] bytes
record Request(String method, String path, byte[] body) {
  String text() {
    return new String(body, StandardCharsets.UTF_8);
  }
}
