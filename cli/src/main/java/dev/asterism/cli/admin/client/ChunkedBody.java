package dev.asterism.cli.admin.client;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/// A body in HTTP/1.1's chunked coding (RFC 9112, 7.1), decoded. Confined to one thread.
final class ChunkedBody extends InputStream {
  private static final int MAX_CHUNK = 64 << 20; // 64 MiB

  private final InputStream in;
  private int left;
  private boolean first = true;
  private boolean ended;

  ChunkedBody(InputStream in) {
    this.in = in;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (left == 0 && !ended) {
      next();
    }
    if (ended) {
      return -1;
    }
    int count = in.read(bytes, offset, Math.min(length, left));
    if (count < 0) {
      throw new EOFException("the daemon ended its answer too soon");
    }
    left -= count;
    return count;
  }

  private void next() throws IOException {
    if (!first) {
      String end = AdminClient.line(in);
      if (!end.isEmpty()) {
        throw new IOException("a chunk of the daemon's answer is longer than it says");
      }
    }
    first = false;
    String size = AdminClient.line(in).split(";", 2)[0].strip();
    try {
      left = Integer.parseInt(size, 16);
    } catch (NumberFormatException e) {
      throw new IOException("no size of a chunk: " + size, e);
    }
    if (left < 0 || left > MAX_CHUNK) {
      throw new IOException("a chunk of %d bytes".formatted(left));
    }
    ended = left == 0;
  }
}
