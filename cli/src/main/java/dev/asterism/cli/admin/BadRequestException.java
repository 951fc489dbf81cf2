package dev.asterism.cli.admin;

import java.io.IOException;
import java.io.Serial;

/// A request that makes no sense; the message says why.
final class BadRequestException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  BadRequestException(String message) {
    super(message);
  }
}
