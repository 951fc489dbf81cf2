package dev.asterism.cli.admin;

import java.io.IOException;
import java.io.Serial;

/// Nobody reads the answer any more.
final class ClientGoneException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  ClientGoneException(String message, Throwable cause) {
    super(message, cause);
  }
}
