package dev.asterism.snapshotter;

import java.io.IOException;
import java.io.Serial;

/// A request that the snapshots contract refuses. Nothing was changed.
public final class SnapshotException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  /// Why, in containerd's closed vocabulary; each is one gRPC status.
  public enum Kind {
    NOT_FOUND,
    ALREADY_EXISTS,
    FAILED_PRECONDITION,
    INVALID_ARGUMENT,
    /// A layer below cannot be read now; the same request may succeed later.
    UNAVAILABLE
  }

  private final Kind kind;

  /// @param message what was asked and what stands against it; names the key
  public SnapshotException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /// As the other, for a failure that another one caused.
  public SnapshotException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /// Returns why.
  public Kind kind() {
    return kind;
  }

  static SnapshotException notFound(String key) {
    return new SnapshotException(Kind.NOT_FOUND, "snapshot %s does not exist".formatted(key));
  }

  static SnapshotException alreadyExists(String key) {
    return new SnapshotException(Kind.ALREADY_EXISTS, "snapshot %s already exists".formatted(key));
  }

  static SnapshotException failedPrecondition(String message) {
    return new SnapshotException(Kind.FAILED_PRECONDITION, message);
  }

  static SnapshotException invalidArgument(String message) {
    return new SnapshotException(Kind.INVALID_ARGUMENT, message);
  }
}
