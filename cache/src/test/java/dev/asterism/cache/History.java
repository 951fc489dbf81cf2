package dev.asterism.cache;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Calls that were made on one digest, each with its beginning, end and answer; and whether there
/// is an order of them that a store without threads could have answered so.
///
/// The search is Wing and Gong's ("Testing and Verifying Concurrent Objects", 1993), with the
/// states that led nowhere remembered: of the calls that no other one had ended before, each may be
/// the next. Adding is thread-safe.
final class History {
  /// What was called.
  enum Operation {
    ADD_FILE,
    ADD_PART,
    ADOPT_FILE,
    ADOPT_PART,
    READ,
    /// Takes the digest or, where it is just being used, does not.
    EVICT
  }

  /// What was answered.
  enum Answer {
    YES,
    NO,
    NONE;

    static Answer of(boolean yes) {
      return yes ? YES : NO;
    }
  }

  private record Call(Operation operation, Answer answer, long begin, long end) {}

  /// Calls that are in the order already, and whether the digest is there after them.
  private record Tried(long done, boolean present) {}

  private final List<Call> calls = new ArrayList<>();

  /// Adds a call.
  ///
  /// @param begin a time before it began
  /// @param end a time after it ended
  synchronized void add(Operation operation, Answer answer, long begin, long end) {
    if (calls.size() == Long.SIZE) {
      throw new IllegalStateException("more calls than bits");
    }
    calls.add(new Call(operation, answer, begin, end));
  }

  /// Tells whether some order of the calls explains every answer. The digest is not there at first.
  synchronized boolean isLinearizable() {
    return search(new Tried(0, false), new HashSet<>());
  }

  private boolean search(Tried now, Set<Tried> tried) {
    if (Long.bitCount(now.done) == calls.size()) {
      return true;
    }
    if (!tried.add(now)) {
      return false;
    }
    long firstEnd = Long.MAX_VALUE;
    for (int i = 0; i < calls.size(); i++) {
      firstEnd = isDone(now, i) ? firstEnd : Math.min(firstEnd, calls.get(i).end);
    }
    for (int i = 0; i < calls.size(); i++) {
      if (!isDone(now, i) && calls.get(i).begin <= firstEnd) {
        for (boolean after : statesAfter(calls.get(i), now.present)) {
          if (search(new Tried(now.done | 1L << i, after), tried)) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private static boolean isDone(Tried now, int call) {
    return (now.done >>> call & 1) != 0;
  }

  /// Returns whether the digest is there after a call, none if it could not have answered so.
  private static List<Boolean> statesAfter(Call call, boolean present) {
    return switch (call.operation) {
      case ADD_FILE, ADD_PART -> call.answer == Answer.YES ? List.of(true) : List.of();
      case ADOPT_FILE, ADOPT_PART, READ ->
          call.answer == Answer.of(present) ? List.of(present) : List.of();
      case EVICT -> present ? List.of(true, false) : List.of(false);
    };
  }

  @Override
  public synchronized String toString() {
    return String.join("\n", calls.stream().map(Call::toString).toList());
  }
}
