package dev.asterism.layers;

import dev.asterism.content.TransientFailure;
import java.io.IOException;
import java.io.Serial;

/// Somebody did not answer in time. They may yet.
final class LateException extends IOException implements TransientFailure {
  @Serial private static final long serialVersionUID = 1;

  LateException(String message, Throwable cause) {
    super(message, cause);
  }

  @Override
  public boolean isTransient() {
    return true;
  }
}
