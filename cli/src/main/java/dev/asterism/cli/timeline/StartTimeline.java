package dev.asterism.cli.timeline;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What was asked of a registry while something started, and what waited for it. Times are
/// milliseconds after the beginning. Immutable.
///
/// @param requests in the order of asking
/// @param pauses calls that waited; empty where nobody knows
/// @param slots the bytes that came in each [#SLOT]
/// @param marks what happened, in the order of its time
public record StartTimeline(
    List<Request> requests, List<Pause> pauses, List<Long> slots, Map<String, Double> marks) {
  /// Bytes are counted in slots of this many milliseconds.
  public static final int SLOT = 20;

  private static final int MAX_SLOTS = 1 << 16;

  /// Copies lists and map.
  public StartTimeline {
    requests = List.copyOf(requests);
    pauses = List.copyOf(pauses);
    slots = List.copyOf(slots);
    marks = new LinkedHashMap<>(marks);
  }

  /// A request. Immutable.
  ///
  /// @param what names it; requests for one blob have one colour if it has `/blobs/` and the blob's
  ///   digest
  /// @param first byte of the range; -1 for no range
  /// @param last byte of the range
  /// @param asked when
  /// @param answered when the answer began
  /// @param ended when the last byte had come
  /// @param bytes of the answer
  public record Request(
      String what,
      long first,
      long last,
      double asked,
      double answered,
      double ended,
      long bytes) {}

  /// A call that waited. Immutable.
  ///
  /// @param what it was for
  /// @param begin when it asked
  /// @param end when it went on
  public record Pause(String what, double begin, double end) {}

  /// Makes one of requests that only tell how many bytes each has brought: those are taken to have
  /// come evenly from its answer to its end.
  public static StartTimeline of(
      List<Request> requests, List<Pause> pauses, Map<String, Double> marks) {
    double end = requests.stream().mapToDouble(Request::ended).max().orElse(0);
    double[] slots = new double[(int) Math.min(MAX_SLOTS, end / SLOT + 1)];
    for (Request request : requests) {
      double time = Math.max(1e-3, request.ended() - request.answered());
      int last = (int) Math.min(slots.length - 1.0, request.ended() / SLOT);
      for (int slot = (int) (request.answered() / SLOT); slot <= last; slot++) {
        double within =
            Math.min(request.answered() + time, (slot + 1.0) * SLOT)
                - Math.max(request.answered(), (double) slot * SLOT);
        slots[slot] += request.bytes() * Math.max(0, within) / time;
      }
    }
    List<Long> rounded = new ArrayList<>(slots.length);
    for (double bytes : slots) {
      rounded.add(Math.round(bytes));
    }
    return new StartTimeline(requests, pauses, rounded, marks);
  }

  /// Returns the most that the link has carried, in bits a second, as far as the slots tell.
  public long fastest() {
    return slots.stream().mapToLong(Long::longValue).max().orElse(0) * 8 * 1000 / SLOT;
  }
}
