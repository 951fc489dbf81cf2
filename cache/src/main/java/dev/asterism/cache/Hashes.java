package dev.asterism.cache;

import dev.asterism.content.Digest;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.security.MessageDigest;
import java.util.Optional;

/// Hashes what is on the disk, in bounded memory.
final class Hashes {
  /// Bytes that are read at once: large enough that the calls do not count.
  static final int BUFFER = 256 << 10; // 256 KiB

  private Hashes() {}

  /// Takes each slice of a range as it is read.
  interface Slices {
    /// Takes the next slice; `position` is that of its first byte, 0 being the first of the range.
    void take(ByteBuffer slice, long position) throws IOException;
  }

  /// Returns the digest of `size` bytes from `offset`.
  ///
  /// @throws IOException if the disk fails or the file ends before that
  static Digest of(FileChannel file, long offset, long size) throws IOException {
    MessageDigest hasher = Digest.hasher();
    read(file, offset, size, (slice, _) -> hasher.update(slice));
    return Digest.finish(hasher);
  }

  /// Returns the digest of a file, whatever its size.
  static Digest of(CacheDisk disk, String path) throws IOException {
    try (FileChannel file = disk.open(path)) {
      return of(file, 0, file.size());
    }
  }

  /// The same of one that may be gone by now: empty then.
  static Optional<Digest> find(CacheDisk disk, String path) throws IOException {
    try {
      return Optional.of(of(disk, path));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
  }

  static void read(FileChannel file, long offset, long size, Slices slices) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(BUFFER, size));
    for (long at = 0; at < size; ) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), size - at));
      int count = file.read(buffer, offset + at);
      if (count < 0) {
        throw new EOFException("a file ends at %d of %d".formatted(offset + at, offset + size));
      }
      slices.take(buffer.flip(), at);
      at += count;
    }
  }
}
