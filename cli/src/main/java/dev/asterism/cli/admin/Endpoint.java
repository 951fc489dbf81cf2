package dev.asterism.cli.admin;

import java.io.IOException;

/// What answers at one path. Runs on a virtual thread of its own; may block.
@FunctionalInterface
interface Endpoint {
  /// Answers.
  ///
  /// @throws BadRequestException if the request makes no sense: answered with 400 and its message
  /// @throws IOException if it cannot be done: answered with 500 and its message
  void serve(Request request, Response response) throws IOException;
}
