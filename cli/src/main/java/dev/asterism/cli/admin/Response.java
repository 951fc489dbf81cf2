package dev.asterism.cli.admin;

import java.io.IOException;

/// Where an endpoint answers: once as a whole, or piece by piece. Confined to the thread of its
/// request.
interface Response {
  /// The type of a JSON document.
  String JSON = "application/json";

  /// The type of JSON documents, one a line.
  String JSON_LINES = "application/x-ndjson";

  /// Answers as a whole.
  ///
  /// @throws IOException if the client is gone
  void send(int status, String type, String body) throws IOException;

  /// Begins an answer of pieces.
  ///
  /// @throws IOException if the client is gone
  void begin(int status, String type) throws IOException;

  /// Sends a piece, and waits until the client's socket has taken it.
  ///
  /// @throws IOException if the client is gone, or does not read for half a minute
  void piece(String text) throws IOException;
}
