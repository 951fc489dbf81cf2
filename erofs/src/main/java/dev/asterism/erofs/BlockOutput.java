package dev.asterism.erofs;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;

/// Buffered, hashed writing from an image's second block on. Knows its position; little endian.
/// Confined to one thread.
final class BlockOutput {
  private static final int BUFFER_SIZE = 1 << 18; // 256 KiB
  private static final byte[] ZEROS = new byte[ErofsFormat.BLOCK_SIZE];

  private final WritableByteChannel channel;
  private final MessageDigest hasher = Digest.hasher();
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_SIZE).order(ByteOrder.LITTLE_ENDIAN);
  private long flushed;

  /// @param position where in the image the channel's next byte is
  BlockOutput(WritableByteChannel channel, long position) {
    this.channel = channel;
    this.flushed = position;
  }

  long position() {
    return flushed + buffer.position();
  }

  /// Returns the buffer, with room for `length` more bytes at its position.
  ///
  /// @param length at most 64 KiB
  ByteBuffer reserve(int length) throws IOException {
    if (buffer.remaining() < length) {
      flush();
    }
    return buffer;
  }

  void write(byte[] bytes) throws IOException {
    write(bytes, 0, bytes.length);
  }

  void write(byte[] bytes, int offset, int length) throws IOException {
    int at = offset;
    int end = offset + length;
    while (at < end) {
      int part = Math.min(end - at, BUFFER_SIZE / 4);
      reserve(part).put(bytes, at, part);
      at += part;
    }
  }

  /// Writes zeros up to `position`, which is not behind the present one.
  void padTo(long position) throws IOException {
    while (position() < position) {
      write(ZEROS, 0, (int) Math.min(ZEROS.length, position - position()));
    }
  }

  /// Writes what is buffered and returns the digest of everything.
  Digest finish() throws IOException {
    flush();
    return Digest.finish(hasher);
  }

  private void flush() throws IOException {
    buffer.flip();
    hasher.update(buffer.array(), 0, buffer.limit());
    flushed += buffer.limit();
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    buffer.clear();
  }
}
