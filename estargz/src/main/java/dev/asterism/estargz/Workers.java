package dev.asterism.estargz;

import java.util.concurrent.Executor;

/// Who compresses, and how much may wait for them. Immutable.
///
/// @param executor runs compressions, each some milliseconds of one core; stays the caller's
/// @param memory bytes of members, before and after compression together, that are held at once; at
///   least one member always is, however large
public record Workers(Executor executor, long memory) {
  /// Compresses on the caller's thread, one member after another.
  public static final Workers CALLER = new Workers(Runnable::run, 1);

  /// @throws IllegalArgumentException if `memory` is not positive
  public Workers {
    if (memory <= 0) {
      throw new IllegalArgumentException("memory for members must be positive, not " + memory);
    }
  }
}
