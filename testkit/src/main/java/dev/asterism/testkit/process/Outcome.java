package dev.asterism.testkit.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/// What a process left. Immutable.
public final class Outcome {
  private static final int SHOWN = 2000; // characters of standard error in a message

  private final String command;
  private final int exitCode;
  private final byte[] out;
  private final byte[] err;

  Outcome(String command, int exitCode, byte[] out, byte[] err) {
    this.command = command;
    this.exitCode = exitCode;
    this.out = out;
    this.err = err;
  }

  /// Returns its exit code; 128 and more when a signal ended it.
  public int exitCode() {
    return exitCode;
  }

  /// Returns its standard output, not a copy.
  public byte[] out() {
    return out;
  }

  /// Returns standard output as UTF-8, without the white space at its ends.
  public String text() {
    return new String(out, StandardCharsets.UTF_8).strip();
  }

  /// Returns standard error as UTF-8, without the white space at its ends.
  public String errorText() {
    return new String(err, StandardCharsets.UTF_8).strip();
  }

  /// Returns this.
  ///
  /// @throws IOException if the exit code is not 0; the message ends with the end of standard error
  public Outcome orThrow() throws IOException {
    if (exitCode != 0) {
      String said = errorText().isEmpty() ? text() : errorText();
      throw new IOException(
          "exit code %d: %s: %s"
              .formatted(exitCode, command, said.substring(Math.max(0, said.length() - SHOWN))));
    }
    return this;
  }
}
