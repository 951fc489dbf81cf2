package dev.asterism.content;

import org.jspecify.annotations.Nullable;

/// A failure that can tell whether it may pass by itself: a registry that does not answer now, as
/// against one that says no.
///
/// Exceptions implement it; who waits for better times asks [#in].
public interface TransientFailure {
  /// How deep causes are looked into.
  int DEPTH = 16;

  /// Tells whether the same attempt may succeed later, with nothing changed here.
  boolean isTransient();

  /// Tells whether a failure, or what it was caused by, or what failed before it and was
  /// suppressed, may pass.
  static boolean in(Throwable failure) {
    return in(failure, DEPTH);
  }

  private static boolean in(@Nullable Throwable failure, int depth) {
    if (failure == null || depth == 0) {
      return false;
    }
    if (failure instanceof TransientFailure known && known.isTransient()) {
      return true;
    }
    for (Throwable former : failure.getSuppressed()) {
      if (in(former, depth - 1)) {
        return true;
      }
    }
    return in(failure.getCause(), depth - 1);
  }
}
