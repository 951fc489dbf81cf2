package dev.asterism.registry;

import dev.asterism.content.ByteRange;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The useful part of an answer to a range request: positioned at the first byte that was asked
/// for, ending at the last one or before it.
///
/// A server may answer a range request with the whole blob (200), with another range (206), or with
/// a multipart body (RFC 9110, sections 14 and 15.3.7). What begins at or before the wanted offset
/// is used, as long as not too much has to be thrown away; anything else is refused by name.
/// Confined to one thread.
final class RangeAnswer implements Closeable {
  private static final int MAX_PART_HEAD = 8 << 10; // 8 KiB
  private static final Pattern BOUNDARY =
      Pattern.compile("boundary=(?:\"([^\"]{1,200})\"|([^;\\s]{1,200}))", Pattern.CASE_INSENSITIVE);

  private final Answer answer;
  private final InputStream body;
  private long left;

  private RangeAnswer(Answer answer, InputStream body, long left) {
    this.answer = answer;
    this.body = body;
    this.left = left;
  }

  /// What is wanted. Immutable.
  ///
  /// @param range bytes of the blob, not empty
  /// @param size of the blob
  /// @param maxSkip bytes that may be thrown away before the first wanted one
  record Wanted(ByteRange range, long size, long maxSkip) {}

  /// Looks at the head of `answer` and skips to the wanted bytes. Takes charge of closing it, also
  /// when it throws.
  static RangeAnswer of(Answer answer, Wanted wanted, Patience patience) throws IOException {
    boolean usable = false;
    try {
      RangeAnswer range = open(answer, wanted, patience);
      usable = true;
      return range;
    } finally {
      if (!usable) {
        answer.close();
      }
    }
  }

  private static RangeAnswer open(Answer answer, Wanted wanted, Patience patience)
      throws IOException {
    String coding = answer.header("Content-Encoding").orElse("identity");
    if (!coding.equalsIgnoreCase("identity")) {
      throw refuse(answer, "blob in content coding " + coding + ", which was not asked for");
    }
    return switch (answer.status()) {
      case 200 -> whole(answer, wanted, patience);
      case 206 ->
          answer.mediaType().equals("multipart/byteranges")
              ? multipart(answer, wanted, patience)
              : single(answer, wanted, patience);
      case 416 ->
          throw RegistryException.refused(
              "%s: range %s".formatted(answer.what(), wanted.range()),
              416,
              "",
              true, // every range that is asked for lies within the blob
              Duration.ZERO);
      default -> throw refuse(answer, "status %d to a range request".formatted(answer.status()));
    };
  }

  private static RangeAnswer whole(Answer answer, Wanted wanted, Patience patience)
      throws IOException {
    long length = answer.contentLength().orElse(wanted.size());
    if (length != wanted.size()) {
      throw refuse(
          answer, "blob of %d bytes where %d are expected".formatted(length, wanted.size()));
    }
    return from(answer, answer, new ByteRange(0, length), wanted, patience);
  }

  private static RangeAnswer single(Answer answer, Wanted wanted, Patience patience)
      throws IOException {
    ByteRange range = covered(answer, answer.header("Content-Range").orElse(""), wanted);
    if (answer.contentLength().orElse(range.length()) != range.length()) {
      throw wrong(
          answer,
          "%d bytes of body for Content-Range %s"
              .formatted(answer.contentLength().getAsLong(), range));
    }
    return from(answer, answer, range, wanted, patience);
  }

  private static RangeAnswer multipart(Answer answer, Wanted wanted, Patience patience)
      throws IOException {
    Matcher boundary = BOUNDARY.matcher(answer.header("Content-Type").orElse(""));
    if (!boundary.find()) {
      throw wrong(answer, "multipart answer without a boundary");
    }
    String delimiter =
        "--" + Optional.ofNullable(boundary.group(1)).orElseGet(() -> boundary.group(2));
    BufferedInputStream body = new BufferedInputStream(answer);
    LineReader lines = new LineReader(answer, body);
    while (!lines.next().equals(delimiter)) {
      // the preamble means nothing
    }
    String contentRange = "";
    for (String line = lines.next(); !line.isEmpty(); line = lines.next()) {
      int colon = line.indexOf(':');
      if (colon > 0 && line.substring(0, colon).toLowerCase(Locale.ROOT).equals("content-range")) {
        contentRange = line.substring(colon + 1).strip();
      }
    }
    return from(answer, body, covered(answer, contentRange, wanted), wanted, patience);
  }

  /// Reads the lines at the head of a part, so many of them and no more.
  private static final class LineReader {
    private final Answer answer;
    private final InputStream in;
    private int left = MAX_PART_HEAD;

    LineReader(Answer answer, InputStream in) {
      this.answer = answer;
      this.in = in;
    }

    String next() throws IOException {
      StringBuilder line = new StringBuilder();
      while (true) {
        int c = in.read();
        if (c < 0 || left-- == 0) {
          throw wrong(answer, "multipart answer without a usable part");
        }
        if (c == '\n') {
          int length = line.length();
          return length > 0 && line.charAt(length - 1) == '\r'
              ? line.substring(0, length - 1)
              : line.toString();
        }
        line.append((char) c);
      }
    }
  }

  private static ByteRange covered(Answer answer, String contentRange, Wanted wanted)
      throws RegistryException {
    Optional<ContentRange> parsed = ContentRange.parse(contentRange);
    if (parsed.isEmpty() || parsed.get().range().isEmpty()) {
      throw wrong(answer, "partial answer without a usable Content-Range");
    }
    if (parsed.get().size().orElse(wanted.size()) != wanted.size()) {
      throw wrong(
          answer,
          "blob of %d bytes where %d are expected"
              .formatted(parsed.get().size().getAsLong(), wanted.size()));
    }
    return parsed.get().range().get();
  }

  /// Moves to the wanted offset in a body that holds `range`.
  private static RangeAnswer from(
      Answer answer, InputStream body, ByteRange range, Wanted wanted, Patience patience)
      throws IOException {
    long start = wanted.range().start();
    if (start < range.start() || start >= range.end()) {
      throw wrong(answer, "bytes %s for range %s".formatted(range, wanted.range()));
    }
    long skip = start - range.start();
    if (skip > wanted.maxSkip()) {
      throw refuse(
          answer,
          "bytes %s for range %s: the server ignores ranges, and at most %d bytes are thrown away"
              .formatted(range, wanted.range(), wanted.maxSkip()));
    }
    RangeAnswer found =
        new RangeAnswer(answer, body, Math.min(range.end(), wanted.range().end()) - start);
    found.skip(skip, patience);
    return found;
  }

  /// An answer that contradicts itself or the question: the next one may be right, for many servers
  /// stand behind one name.
  private static RegistryException wrong(Answer answer, String why) {
    return RegistryException.wrong(answer.what(), why);
  }

  private static RegistryException refuse(Answer answer, String why) {
    return RegistryException.unusable(answer.what(), why);
  }

  private void skip(long bytes, Patience patience) throws IOException {
    byte[] nowhere = new byte[(int) Math.min(bytes, 16 << 10)];
    for (long skipped = 0; skipped < bytes; ) {
      int n = body.read(nowhere, 0, (int) Math.min(nowhere.length, bytes - skipped));
      if (n < 0) {
        throw endedEarly();
      }
      skipped += n;
      patience.arrived(n);
    }
  }

  /// Reads on.
  ///
  /// @return -1 when nothing of what was wanted is left in this answer
  /// @throws RegistryException if the connection fails or ends early
  int read(byte[] buffer, int offset, int length) throws IOException {
    if (left == 0) {
      return -1;
    }
    int n = body.read(buffer, offset, (int) Math.min(length, left));
    if (n < 0) {
      throw endedEarly();
    }
    left -= n;
    return n;
  }

  private RegistryException endedEarly() {
    return RegistryException.unreachable(answer.what(), "the body ended early", new EOFException());
  }

  @Override
  public void close() {
    answer.close();
  }
}
