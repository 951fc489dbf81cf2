package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/// A part of a file. Thread-safe; the channel stays its opener's.
///
/// @param range of the file
record FileBlob(FileChannel channel, ByteRange range) implements Blob {
  @Override
  public long size() {
    return range.length();
  }

  @Override
  public InputStream open(ByteRange part) {
    if (part.end() > size()) {
      throw new IllegalArgumentException("%s reaches beyond %d bytes".formatted(part, size()));
    }
    return new Part(range.start() + part.start(), part.length());
  }

  private final class Part extends InputStream {
    private long at;
    private long rest;

    private Part(long start, long length) {
      at = start;
      rest = length;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      if (rest == 0 || length == 0) {
        return length == 0 ? 0 : -1;
      }
      ByteBuffer to = ByteBuffer.wrap(target, offset, (int) Math.min(length, rest));
      int n = channel.read(to, at);
      if (n < 0) {
        throw new EOFException("the file is shorter than it was, at " + at);
      }
      at += n;
      rest -= n;
      return n;
    }
  }
}
