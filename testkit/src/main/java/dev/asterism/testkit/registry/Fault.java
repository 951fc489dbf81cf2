package dev.asterism.testkit.registry;

import java.time.Duration;
import java.util.Map;

/// What can be wrong with an answer. Immutable.
///
/// Several at once are applied in the order in which they were switched on.
public sealed interface Fault {
  /// The answer begins later.
  record Latency(Duration by) implements Fault {}

  /// The connection stays open and nothing is ever answered.
  record Silence() implements Fault {}

  /// The body stops after `bytes` bytes; the connection stays open.
  record StallAfter(long bytes) implements Fault {}

  /// The body comes in pieces of `bytes` bytes with a pause after each.
  record Trickle(int bytes, Duration pause) implements Fault {}

  /// The connection is closed in an orderly way after `bytes` bytes of the announced body.
  record CutAfter(long bytes) implements Fault {}

  /// The connection is reset after `bytes` bytes of the announced body. Bytes on their way may be
  /// lost.
  record ResetAfter(long bytes) implements Fault {}

  /// The answer is this status, with these headers and a small body.
  record Status(int status, Map<String, String> headers) implements Fault {
    public Status {
      headers = Map.copyOf(headers);
    }

    /// A status without headers.
    public Status(int status) {
      this(status, Map.of());
    }
  }

  /// A header is added or replaced; everything else is as it was.
  record Header(String name, String value) implements Fault {}

  /// A range is answered with status 200 and the whole blob.
  record WholeBlob() implements Fault {}

  /// A range is answered with another one, truthfully: both ends are moved, and kept within the
  /// blob.
  record OtherRange(long moveStart, long moveEnd) implements Fault {}

  /// `Content-Range` claims `text`; the bytes are those that were asked for.
  record ClaimedRange(String text) implements Fault {}

  /// `Content-Length` is wrong by this; as many bytes are sent as there are, at most as many as are
  /// announced, and the connection is closed.
  record WrongLength(long by) implements Fault {}

  /// A range is answered as `multipart/byteranges` with one part.
  record Multipart() implements Fault {}

  /// The body is sent with chunked transfer coding, without a length.
  record Chunked() implements Fault {}

  /// The byte at `offset` of the blob or manifest is inverted.
  record FlippedByte(long offset) implements Fault {}
}
