package dev.asterism.content;

import java.io.IOException;
import java.io.Serial;

/// Bytes that do not hash to the digest they were given for.
public final class CorruptContentException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  private final transient Digest expected;
  private final transient Digest actual;

  /// @param what the thing that was read, as an operator would name it, e.g. `chunk 0 of
  ///   usr/bin/python3 in layer sha256:…`
  public CorruptContentException(String what, Digest expected, Digest actual) {
    super("%s is corrupt: expected %s, found %s".formatted(what, expected, actual));
    this.expected = expected;
    this.actual = actual;
  }

  /// Returns what the bytes should have hashed to.
  public Digest expected() {
    return expected;
  }

  /// Returns what they hashed to.
  public Digest actual() {
    return actual;
  }
}
