package dev.asterism.registry;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.NameValuePair;

/// The answer to one request: status, headers, and the body as a stream.
///
/// A body that was read to its end gives its connection back to the pool. Closing reads at most a
/// little more for that; otherwise the connection is dropped, however much is still to come.
/// Confined to one thread.
final class Answer extends InputStream {
  /// Reading this much costs less than a new connection.
  private static final int DRAIN = 16 << 10; // 16 KiB

  private static final Duration DRAIN_TIME = Duration.ofSeconds(1);

  private final Transport transport;
  private final String what;
  private final HttpUriRequestBase request;
  private final ClassicHttpResponse response;
  private final Watchdog.Guard guard;
  private final InputStream body;
  private long received;
  private boolean over;

  Answer(
      Transport transport,
      String what,
      HttpUriRequestBase request,
      ClassicHttpResponse response,
      Watchdog.Guard guard)
      throws IOException {
    this.transport = transport;
    this.what = what;
    this.request = request;
    this.response = response;
    this.guard = guard;
    HttpEntity entity = response.getEntity();
    body = entity == null ? InputStream.nullInputStream() : entity.getContent();
  }

  int status() {
    return response.getCode();
  }

  /// Returns the first header of that name.
  Optional<String> header(String name) {
    Header header = response.getFirstHeader(name);
    return Optional.ofNullable(header).map(NameValuePair::getValue);
  }

  /// Returns every header of that name, in order.
  List<String> headers(String name) {
    return Arrays.stream(response.getHeaders(name)).map(NameValuePair::getValue).toList();
  }

  /// Returns the media type of the body without parameters, lower case; empty if not given.
  String mediaType() {
    String type = header("Content-Type").orElse("");
    int semicolon = type.indexOf(';');
    return (semicolon < 0 ? type : type.substring(0, semicolon)).strip().toLowerCase(Locale.ROOT);
  }

  /// Returns what `Content-Length` announces; empty without it, and where it is no number.
  OptionalLong contentLength() {
    String text = header("Content-Length").orElse("");
    return text.matches("[0-9]{1,18}")
        ? OptionalLong.of(Long.parseLong(text))
        : OptionalLong.empty();
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  /// Reads on.
  ///
  /// @return -1 at the end of the body as the server framed it
  /// @throws RegistryException if the connection fails, or ends before the announced length
  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    if (over) {
      return -1;
    }
    try {
      int n = body.read(buffer, offset, length);
      if (n < 0) {
        finish();
      } else {
        received += n;
      }
      return n;
    } catch (IOException e) {
      IOException failure = transport.failure(what, e);
      abandon();
      throw failure;
    }
  }

  /// Reads the whole body.
  ///
  /// @throws RegistryException if it is longer than `limit`
  byte[] readAll(int limit) throws IOException {
    if (contentLength().orElse(0) > limit) {
      throw tooLong(limit);
    }
    byte[] bytes = readNBytes(limit + 1);
    if (bytes.length > limit) {
      throw tooLong(limit);
    }
    return bytes;
  }

  private RegistryException tooLong(int limit) {
    return RegistryException.unusable(what, "answer longer than %d bytes".formatted(limit));
  }

  /// Returns what the request was for, to begin an error message with.
  String what() {
    return what;
  }

  private void finish() {
    over = true;
    guard.release();
  }

  /// Drops the connection at once. Does nothing when the body has ended.
  void abandon() {
    if (!over) {
      finish();
      request.abort();
    }
  }

  /// Gives the connection back when little or nothing is left to read, else drops it.
  @Override
  public void close() {
    if (over) {
      return;
    }
    if (contentLength().orElse(0) - received > DRAIN) {
      abandon();
      return;
    }
    Patience short_ = new Patience(DRAIN_TIME);
    guard.replace(short_);
    short_.enter();
    try {
      skipNBytes(DRAIN);
      abandon();
    } catch (IOException e) {
      abandon(); // it ended, well or not: either is what close wants
    }
  }
}
