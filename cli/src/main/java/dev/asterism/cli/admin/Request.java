package dev.asterism.cli.admin;

/// One request, whole. Immutable.
///
/// @param method such as `GET`
/// @param path without the query, decoded, beginning with a slash
/// @param text the body, of at most [HttpListener#MAX_BODY] bytes
record Request(String method, String path, String text) {}
