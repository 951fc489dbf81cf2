package dev.asterism.cache;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.function.Consumer;

/// Bytes in the store, open for reading: a whole file or a region of one.
///
/// They stay readable until [#close], even if the store gives them up meanwhile. The file is
/// immutable. Thread-safe, but an interrupt of a reading thread closes it for all.
public final class Stored implements AutoCloseable {
  private final String path;
  private final FileChannel channel;
  private final long offset;
  private final long size;
  private final Consumer<Stored> whenShort;

  Stored(String path, FileChannel channel, long offset, long size) {
    this(path, channel, offset, size, _ -> {});
  }

  /// A whole file of which nobody has seen how long it is.
  ///
  /// @param whenShort told, before the read throws, that the file ends before `size`
  Stored(String path, FileChannel channel, long size, Consumer<Stored> whenShort) {
    this(path, channel, 0, size, whenShort);
  }

  private Stored(
      String path, FileChannel channel, long offset, long size, Consumer<Stored> whenShort) {
    this.path = path;
    this.channel = channel;
    this.offset = offset;
    this.size = size;
    this.whenShort = whenShort;
  }

  /// Returns the file that holds the bytes. It may lose this name at any time.
  public Path path() {
    return Path.of(path);
  }

  /// Returns the open file, read-only; closed with this.
  public FileChannel channel() {
    return channel;
  }

  /// Returns where in the file the bytes start.
  public long offset() {
    return offset;
  }

  /// Returns their number.
  public long size() {
    return size;
  }

  /// Fills `into` with the bytes from `position` on, 0 being the first that is ours.
  ///
  /// @throws IOException if the disk fails, or the file is shorter than it was
  /// @throws IndexOutOfBoundsException if there are fewer than `into` asks for
  public void read(long position, ByteBuffer into) throws IOException {
    if (position < 0 || into.remaining() > size - position) {
      throw new IndexOutOfBoundsException(
          "%d bytes at %d of %d".formatted(into.remaining(), position, size));
    }
    long at = offset + position;
    while (into.hasRemaining()) {
      int count = channel.read(into, at);
      if (count < 0) {
        whenShort.accept(this);
        throw new EOFException("%s ends at %d of %d".formatted(path, at, offset + size));
      }
      at += count;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
