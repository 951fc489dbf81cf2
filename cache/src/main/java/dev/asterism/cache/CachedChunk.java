package dev.asterism.cache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/// A chunk that the cache has, ready to be read. Its bytes stay readable until [#close].
/// Thread-safe, but an interrupt of a reading thread may end the others' reads with an error too.
public final class CachedChunk implements AutoCloseable {
  /// Where a chunk was found, in the order in which it is looked for.
  public enum Source {
    /// In memory.
    MEMORY("memory"),
    /// In a file that was open already.
    OPEN_FILE("fd"),
    /// In the file of its digest.
    DIGEST("digest"),
    /// In a file of its key alone.
    KEY("key");

    private final String label;

    Source(String label) {
      this.label = label;
    }

    /// Returns what it is called in metrics and reports.
    public String label() {
      return label;
    }
  }

  private static final byte[] NONE = new byte[0];

  private final Source source;
  private final byte[] bytes; // of MEMORY
  private final Optional<Stored> stored; // of all others
  private final AutoCloseable end;

  private CachedChunk(Source source, byte[] bytes, Optional<Stored> stored, AutoCloseable end) {
    this.source = source;
    this.bytes = bytes;
    this.stored = stored;
    this.end = end;
  }

  static CachedChunk ofMemory(byte[] bytes) {
    return new CachedChunk(Source.MEMORY, bytes, Optional.empty(), () -> {});
  }

  static CachedChunk of(Source source, OpenFiles.Shared file) {
    return new CachedChunk(source, NONE, Optional.of(file.stored), file);
  }

  static CachedChunk of(Source source, Stored file) {
    return new CachedChunk(source, NONE, Optional.of(file), file);
  }

  /// Returns where it was found.
  public Source source() {
    return source;
  }

  /// Returns the number of its bytes.
  public long size() {
    return stored.map(Stored::size).orElse((long) bytes.length);
  }

  /// Fills `into` with the bytes from `position` on.
  ///
  /// @throws IOException if the disk fails, or the file was cut short: then it has left the store
  /// @throws IndexOutOfBoundsException if there are fewer than `into` asks for
  public void read(long position, ByteBuffer into) throws IOException {
    if (stored.isPresent()) {
      stored.get().read(position, into);
    } else {
      into.put(bytes, Math.toIntExact(position), into.remaining());
    }
  }

  @Override
  public void close() throws IOException {
    try {
      end.close();
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e);
    }
  }
}
