package dev.asterism.fuse;

import java.io.IOException;

/// Something was left by a version of this program that wrote it otherwise.
public final class OtherFormatException extends IOException {
  private static final long serialVersionUID = 1;

  /// @param what was found, with its place
  /// @param actual its format
  /// @param known the format that this version reads
  public OtherFormatException(String what, int actual, int known) {
    super(
        "%s is of format %d, this version of asterism knows format %d: start the version that made it, and nothing is lost"
            .formatted(what, actual, known));
  }
}
