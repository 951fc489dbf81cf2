package dev.asterism.testkit.registry;

import dev.asterism.content.Digest;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Objects;

/// Bytes that the registry serves, from memory or from a file that nobody changes meanwhile.
///
/// Immutable, thread-safe.
public sealed interface Content {
  /// Returns the number of bytes.
  long size();

  /// Returns what the bytes hash to.
  Digest digest();

  /// Opens all of it from the beginning. The caller closes it.
  InputStream open() throws IOException;

  /// Fills `buffer` with bytes from `offset`.
  void read(long offset, byte[] buffer, int length) throws IOException;

  /// Returns `bytes`, which nobody writes to afterwards.
  static Content of(byte[] bytes) {
    return new InMemory(bytes, Digest.of(bytes));
  }

  /// Returns the bytes of a file, read once now to hash them.
  static Content of(Path file) {
    MessageDigest hasher = Digest.hasher();
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[64 << 10];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        hasher.update(buffer, 0, n);
      }
      return new InFile(file, Files.size(file), Digest.finish(hasher));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Bytes in an array.
  @SuppressWarnings("ArrayRecordComponent") // identity is the digest, see equals
  record InMemory(byte[] bytes, Digest digest) implements Content {
    @Override
    public long size() {
      return bytes.length;
    }

    @Override
    public InputStream open() {
      return new java.io.ByteArrayInputStream(bytes);
    }

    @Override
    public void read(long offset, byte[] buffer, int length) {
      System.arraycopy(bytes, Math.toIntExact(offset), buffer, 0, length);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof InMemory(_, Digest theirs) && digest.equals(theirs);
    }

    @Override
    public int hashCode() {
      return Objects.hashCode(digest);
    }

    @Override
    public String toString() {
      return digest.toString();
    }
  }

  /// Bytes of a file.
  record InFile(Path file, long size, Digest digest) implements Content {
    @Override
    public InputStream open() throws IOException {
      return Files.newInputStream(file);
    }

    @Override
    public void read(long offset, byte[] buffer, int length) throws IOException {
      try (FileChannel channel = FileChannel.open(file)) {
        ByteBuffer to = ByteBuffer.wrap(buffer, 0, length);
        while (to.hasRemaining()) {
          if (channel.read(to, offset + to.position()) < 0) {
            throw new EOFException(file + " is shorter than it was");
          }
        }
      }
    }
  }
}
