package dev.asterism.testkit.registry;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// An answer in the making: what would be right, and then what is done to it.
///
/// Confined to one thread.
final class Plan {
  private static final Pattern RANGE = Pattern.compile("bytes=([0-9]*)-([0-9]*)");
  static final String BOUNDARY = "an-unlikely-boundary";

  int status = 200;
  final Map<String, String> headers = new LinkedHashMap<>();
  Content content = Content.of(new byte[0]);
  long start;
  long end;
  boolean ranged;
  boolean redirect;
  boolean multipart;
  boolean chunked;
  long lengthError;
  OptionalLong flipped = OptionalLong.empty();
  Duration latency = Duration.ZERO;
  int piece = 64 << 10;
  Duration pause = Duration.ZERO;
  Ending ending = Ending.COMPLETE;
  long endingAfter = Long.MAX_VALUE;

  /// How the body ends after [#endingAfter] bytes.
  enum Ending {
    COMPLETE,
    SILENT,
    STALL,
    CUT,
    RESET
  }

  /// Answers with all of a small document.
  void document(String mediaType, byte[] bytes) {
    headers.put("Content-Type", mediaType);
    whole(Content.of(bytes));
  }

  void whole(Content whole) {
    content = whole;
    start = 0;
    end = whole.size();
  }

  /// Answers with an error of the distribution specification.
  void fail(int newStatus, String code) {
    status = newStatus;
    ranged = false;
    headers.remove("Content-Range");
    document(
        "application/json",
        "{\"errors\":[{\"code\":\"%s\",\"message\":\"for a test\"}]}"
            .formatted(code)
            .getBytes(StandardCharsets.UTF_8));
  }

  /// Narrows the answer to what a `Range` header asks for.
  void range(String header) {
    Matcher matcher = RANGE.matcher(header);
    if (!matcher.matches() || header.equals("bytes=-")) {
      return;
    }
    boolean fromEnd = matcher.group(1).isEmpty();
    long first =
        fromEnd
            ? Math.max(0, content.size() - Long.parseLong(matcher.group(2)))
            : Long.parseLong(matcher.group(1));
    if (first >= content.size()) {
      long size = content.size();
      fail(416, "RANGE_INVALID");
      headers.put("Content-Range", "bytes */" + size);
      return;
    }
    long last =
        fromEnd || matcher.group(2).isEmpty()
            ? Long.MAX_VALUE - 1
            : Long.parseLong(matcher.group(2));
    status = 206;
    ranged = true;
    move(first, Math.min(last + 1, content.size()));
  }

  private void move(long newStart, long newEnd) {
    start = Math.clamp(newStart, 0, content.size() - 1);
    end = Math.clamp(newEnd, start + 1, content.size());
    headers.put("Content-Range", contentRange());
  }

  String contentRange() {
    return "bytes %d-%d/%d".formatted(start, end - 1, content.size());
  }

  void apply(Fault fault) {
    switch (fault) {
      case Fault.Latency(Duration by) -> latency = latency.plus(by);
      case Fault.Silence _ -> ending(Ending.SILENT, 0);
      case Fault.StallAfter(long bytes) -> ending(Ending.STALL, bytes);
      case Fault.Trickle(int bytes, Duration by) -> {
        piece = bytes;
        pause = by;
      }
      case Fault.CutAfter(long bytes) -> ending(Ending.CUT, bytes);
      case Fault.ResetAfter(long bytes) -> ending(Ending.RESET, bytes);
      case Fault.Status(int code, Map<String, String> more) -> {
        fail(code, "TEST_FAULT");
        headers.putAll(more);
      }
      case Fault.Header(String name, String value) -> headers.put(name, value);
      case Fault.WholeBlob _ -> {
        if (ranged) {
          status = 200;
          ranged = false;
          headers.remove("Content-Range");
          whole(content);
        }
      }
      case Fault.OtherRange(long moveStart, long moveEnd) -> {
        if (ranged) {
          move(start + moveStart, end + moveEnd);
        }
      }
      case Fault.ClaimedRange(String text) -> {
        if (ranged) {
          headers.put("Content-Range", text);
        }
      }
      case Fault.WrongLength(long by) -> lengthError = by;
      case Fault.Multipart _ -> {
        if (ranged) {
          multipart = true;
          headers.remove("Content-Range");
          headers.put("Content-Type", "multipart/byteranges; boundary=\"" + BOUNDARY + '"');
        }
      }
      case Fault.Chunked _ -> chunked = true;
      case Fault.FlippedByte(long offset) -> flipped = OptionalLong.of(offset);
    }
  }

  private void ending(Ending how, long after) {
    ending = how;
    endingAfter = after;
  }
}
