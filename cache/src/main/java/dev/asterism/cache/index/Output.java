package dev.asterism.cache.index;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/// Text on its way to the end of a file. Confined to one thread.
final class Output {
  private static final int ENOUGH = 1 << 15; // bytes that are worth a write

  private final FileChannel file;
  private long written;

  final Ascii text = new Ascii();

  Output(FileChannel file) {
    this.file = file;
  }

  /// Writes what has come together if that is worth it.
  void flushIfLarge() throws IOException {
    if (text.size() >= ENOUGH) {
      flush();
    }
  }

  /// Writes what has come together. After a failure a part of it may be in the file.
  void flush() throws IOException {
    ByteBuffer left = text.slice(0);
    try {
      while (left.hasRemaining()) {
        written += file.write(left);
      }
    } finally {
      text.clear();
    }
  }

  /// Returns the bytes that were written.
  long written() {
    return written;
  }
}
