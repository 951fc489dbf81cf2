package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.UUID;

/// A file without a name, for what is too large for memory: written once, then read from anywhere.
///
/// Its name is removed as soon as it is open, so however the process ends, nothing is left. Written
/// by one thread; readable by many.
final class Spool implements Closeable {
  private final FileChannel channel;
  private long size;

  private Spool(FileChannel channel) {
    this.channel = channel;
  }

  /// Makes one on the file system of `folder`.
  static Spool in(Path folder) throws IOException {
    Files.createDirectories(folder);
    // On Linux the JDK unlinks such a file right after it has opened it.
    return new Spool(
        FileChannel.open(
            folder.resolve(".asterism-" + UUID.randomUUID()),
            Set.of(
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.DELETE_ON_CLOSE)));
  }

  /// Returns what appends to it.
  OutputStream out() {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer from = ByteBuffer.wrap(bytes, offset, length);
        while (from.hasRemaining()) {
          size += channel.write(from, size);
        }
      }
    };
  }

  /// Appends all of `in`.
  Spool fill(InputStream in) throws IOException {
    try (OutputStream out = out()) {
      in.transferTo(out);
    }
    return this;
  }

  /// Returns what was written.
  Blob blob() {
    return new FileBlob(channel, new ByteRange(0, size));
  }

  /// Returns the file itself.
  FileChannel channel() {
    return channel;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
