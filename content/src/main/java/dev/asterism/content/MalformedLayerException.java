package dev.asterism.content;

import java.io.IOException;
import java.io.Serial;

/// A layer that does not keep its format: footer, TOC, a member or a tree that cannot be.
public final class MalformedLayerException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  /// Where nothing better is known than "in this layer".
  public static final long UNKNOWN_OFFSET = -1;

  private final long offset;

  /// @param offset where in the blob (compressed bytes), or [#UNKNOWN_OFFSET]
  /// @param message what was expected and what was found; names the entry where there is one
  public MalformedLayerException(long offset, String message) {
    super(offset == UNKNOWN_OFFSET ? message : "%s (at blob offset %d)".formatted(message, offset));
    this.offset = offset;
  }

  /// As the other, for a failure that another one caused.
  public MalformedLayerException(long offset, String message, Throwable cause) {
    this(offset, message);
    initCause(cause);
  }

  /// Returns where in the blob, in compressed bytes, or [#UNKNOWN_OFFSET].
  public long offset() {
    return offset;
  }
}
