package dev.asterism.cli.optimize;

import java.io.IOException;
import java.io.Serial;

/// A signal ended what was under way; all that it held has been given back.
public final class ToldToEndException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  private final Signals.Kind signal;

  /// @param message what was under way, for the user
  ToldToEndException(Signals.Kind signal, String message) {
    super(message);
    this.signal = signal;
  }

  /// Returns the signal.
  public Signals.Kind signal() {
    return signal;
  }
}
