package dev.asterism.testkit.disk;

import java.util.function.Supplier;

/// What happens to a call instead of what would have happened.
public sealed interface Outcome {
  /// The call returns `value` and does nothing: an errno, for ports that return one.
  record Answer(Object value) implements Outcome {}

  /// The call throws, and does nothing.
  record Failure(Supplier<? extends Exception> exception) implements Outcome {}

  /// `first` runs, then the call does what it does: to wait for another thread at that point, or to
  /// let the disk change behind the caller's back.
  record After(Runnable first) implements Outcome {}
}
