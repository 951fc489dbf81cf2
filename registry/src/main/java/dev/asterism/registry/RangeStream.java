package dev.asterism.registry;

import dev.asterism.content.ByteRange;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.Optional;

/// Reads a range of a blob, over as many requests as that takes.
///
/// When a connection fails, the rest is asked for again, of another mirror if there is one. Gives
/// exactly the bytes of the range, or fails. Confined to one thread.
final class RangeStream extends InputStream {
  private final RemoteBlob blob;
  private final long end;
  private final Patience patience;
  private final Retry retry;
  private final Runnable again;
  private boolean asked;
  private long position;
  private Optional<RangeAnswer> answer = Optional.empty();
  private boolean closed;

  private RangeStream(RemoteBlob blob, ByteRange range, RequestPolicy policy, Runnable again) {
    this.blob = blob;
    this.again = again;
    this.end = range.end();
    this.position = range.start();
    this.patience = new Patience(policy.patience());
    this.retry = new Retry(policy, patience);
  }

  /// Sends the first request, so that what cannot be read at all fails here.
  ///
  /// @param again is told of each request but the first
  static RangeStream open(RemoteBlob blob, ByteRange range, RequestPolicy policy, Runnable again)
      throws IOException {
    RangeStream stream = new RangeStream(blob, range, policy, again);
    stream.patience.enter();
    try {
      stream.retry.run(stream::connected);
      return stream;
    } finally {
      stream.patience.leave();
    }
  }

  private RangeAnswer connected() throws IOException {
    if (answer.isEmpty()) {
      if (asked) {
        again.run();
      }
      asked = true;
      answer = Optional.of(blob.ask(new ByteRange(position, end), patience));
    }
    return answer.get();
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    if (closed) {
      throw new IOException("stream closed");
    }
    if (length == 0) {
      return 0;
    }
    if (position == end) {
      return -1;
    }
    patience.enter();
    try {
      return retry.run(() -> readOnce(buffer, offset, length));
    } finally {
      patience.leave();
    }
  }

  private int readOnce(byte[] buffer, int offset, int length) throws IOException {
    while (true) {
      int n;
      try {
        n = connected().read(buffer, offset, length);
      } catch (RegistryException e) {
        if (answer.isPresent()) {
          blob.broke(position, e);
        }
        disconnect();
        throw e;
      } catch (IOException e) {
        disconnect();
        throw e;
      }
      if (n > 0) {
        position += n;
        patience.arrived(n);
        retry.arrived(n);
        if (position == end) {
          disconnect();
        }
        return n;
      }
      disconnect();
      retry.cameShort(blob.toString());
    }
  }

  private void disconnect() {
    answer.ifPresent(RangeAnswer::close);
    answer = Optional.empty();
  }

  /// Gives up what has not been read.
  @Override
  public void close() {
    closed = true;
    disconnect();
  }
}
