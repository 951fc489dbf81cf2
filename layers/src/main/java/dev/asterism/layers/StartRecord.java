package dev.asterism.layers;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What one start of an image waited for and fetched. Immutable.
///
/// A start begins with the first layer that is prepared for the image, or with the mount for a
/// container where the image was here already, and ends when nothing has been used and nobody has
/// waited for some seconds. All bytes are compressed ones. What the kernel reads from the store by
/// itself is not seen.
///
/// @param image the reference that it was pulled by
/// @param began when
/// @param untilMount from there to the mount for the first container
/// @param length from the beginning to the last use or wait
/// @param files how many distinct contents were used
/// @param usedBytes of the chunks that were used
/// @param unusedBytes of chunks that came for this image and were not used by then; what was
///   fetched in the background is not counted
/// @param waitCount how many calls of containers waited for a chunk
/// @param waited how long all of them waited, one after the other
/// @param failures how many of them ended without the chunk
/// @param causes of all waits, by what they were for; those that there was none of are left out
/// @param waits the files that were waited for longest, the longest first; not more than
///   [#MAX_WAITS]
/// @param bytes that the range requests have brought, those that failed among them, by why they
///   were made
/// @param requests how many
/// @param timeline each of them, and each wait
public record StartRecord(
    String image,
    Instant began,
    Duration untilMount,
    Duration length,
    long files,
    long usedBytes,
    long unusedBytes,
    long waitCount,
    Duration waited,
    long failures,
    Map<WaitCause, Cause> causes,
    List<Wait> waits,
    Map<FetchClass, Long> bytes,
    Map<FetchClass, Long> requests,
    Timeline timeline) {
  /// Files that are named in a record.
  public static final int MAX_WAITS = 32;

  /// Requests that are listed in a record.
  public static final int MAX_REQUESTS = 4096;

  /// Waits that are listed in a record.
  public static final int MAX_PAUSES = 1024;

  /// Copies lists and maps.
  public StartRecord {
    causes = new EnumMap<>(causes);
    waits = List.copyOf(waits);
    bytes = new EnumMap<>(bytes);
    requests = new EnumMap<>(requests);
  }

  /// All waits for one thing. Immutable.
  ///
  /// @param calls that waited
  /// @param time of all those calls
  /// @param bytes of the chunks that were waited for
  /// @param requests that each waited for, one after the other, in all: their round trips
  public record Cause(int calls, Duration time, long bytes, int requests) {
    static final Cause NONE = new Cause(0, Duration.ZERO, 0, 0);

    Cause plus(CallWait wait, long more) {
      return new Cause(calls + 1, time.plus(wait.time()), bytes + more, requests + wait.requests());
    }
  }

  /// A file that was waited for. Immutable.
  ///
  /// @param path in its layer, or the content's digest where no name was found
  /// @param calls that waited
  /// @param time of all those calls
  /// @param bytes of the chunks that were waited for
  /// @param requests that they waited for
  /// @param cause what most of the time was for
  public record Wait(
      String path, int calls, Duration time, long bytes, int requests, WaitCause cause) {}

  /// What happened when, after the start's beginning. Immutable.
  ///
  /// @param requests in order of their ends; not more than [#MAX_REQUESTS]
  /// @param unlistedRequests how many more there were
  /// @param pauses the waits in order of their ends; not more than [#MAX_PAUSES]
  /// @param unlistedPauses how many more there were
  public record Timeline(
      List<Request> requests, long unlistedRequests, List<Pause> pauses, long unlistedPauses) {
    /// Copies the lists.
    public Timeline {
      requests = List.copyOf(requests);
      pauses = List.copyOf(pauses);
    }
  }

  /// A range request. Immutable.
  ///
  /// @param begin when it was made
  /// @param answered when its answer began
  /// @param end when it was over
  /// @param layer whose blob
  /// @param range compressed bytes that were asked for
  /// @param bytes that came
  /// @param why the most urgent reason when it began
  /// @param whole whether it ended well
  public record Request(
      Duration begin,
      Duration answered,
      Duration end,
      Digest layer,
      ByteRange range,
      long bytes,
      FetchClass why,
      boolean whole) {}

  /// A call that waited. Immutable.
  ///
  /// @param begin when
  /// @param end when it went on
  /// @param path as of a [Wait]
  /// @param requests that it waited for, one after the other
  /// @param cause what most of the time was for
  public record Pause(Duration begin, Duration end, String path, int requests, WaitCause cause) {}

  /// Returns it as the line that is logged: `start-recorded` and pairs.
  public String line() {
    StringBuilder line = new StringBuilder("start-recorded image=").append(image);
    pair(line, "millis", length.toMillis());
    pair(line, "mount-millis", untilMount.toMillis());
    pair(line, "files", files);
    pair(line, "used-bytes", usedBytes);
    pair(line, "unused-bytes", unusedBytes);
    pair(line, "waits", waitCount);
    pair(line, "waited-millis", waited.toMillis());
    pair(line, "failures", failures);
    for (WaitCause each : WaitCause.values()) {
      String name = each.name().toLowerCase(Locale.ROOT);
      Cause cause = causes.getOrDefault(each, Cause.NONE);
      pair(line, name + "-waits", cause.calls());
      pair(line, name + "-wait-millis", cause.time().toMillis());
      pair(line, name + "-round-trips", cause.requests());
    }
    for (FetchClass why : FetchClass.values()) {
      String name = why.name().toLowerCase(Locale.ROOT);
      pair(line, name + "-bytes", bytes.getOrDefault(why, 0L));
      pair(line, name + "-requests", requests.getOrDefault(why, 0L));
    }
    waits.stream()
        .findFirst()
        .ifPresent(longest ->
            line.append(" longest=\"")
                .append(longest.path().replace("\\", "\\\\").replace("\"", "\\\""))
                .append("\" longest-millis=")
                .append(longest.time().toMillis()));
    return line.toString();
  }

  private static void pair(StringBuilder line, String name, long value) {
    line.append(' ').append(name).append('=').append(value);
  }
}
