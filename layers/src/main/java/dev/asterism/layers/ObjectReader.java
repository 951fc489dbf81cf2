package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.asterism.cache.Stored;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// An object that is open at the gate: reads it from the store where it is, from the registry where it is not.
///
/// Any layer that lists the object will do: when one cannot deliver, the next is asked. Reading in sequence fetches ahead. Thread-safe; one
/// reader serves one open file.
final class ObjectReader implements AutoCloseable {
  private final Digest digest;
  private final long size;
  private final Fetching fetching;

  /// The chunk that was read last, as the store has it, and how far ahead of it was asked for.
  @GuardedBy("this")
  private @Nullable Stored part;

  @GuardedBy("this")
  private @Nullable Digest partDigest;

  @GuardedBy("this")
  private @Nullable Stored whole;

  @GuardedBy("this")
  private int lastPosition = -1;

  @GuardedBy("this")
  private long ahead;

  /// @param size of the whole object, as the layer says that it was opened through
  ObjectReader(Digest digest, long size, Fetching fetching) {
    this.digest = digest;
    this.size = size;
    this.fetching = fetching;
  }

  /// Fills `into` from `offset`.
  ///
  /// @return how many bytes were filled: fewer than asked for only at the end of the object
  /// @throws IOException if no mounted layer's registry can deliver them, or they are not what they should be
  int read(long offset, MemorySegment into) throws IOException {
    Optional<Stored> complete = whole();
    if (complete.isPresent()) {
      return read(complete.get(), offset, into);
    }
    IOException failure = null;
    for (Catalog.Location location : fetching.catalog().find(digest)) {
      try {
        return read(location, offset, into);
      } catch (IOException e) {
        if (failure != null) {
          e.addSuppressed(failure);
        }
        failure = e;
      }
    }
    throw failure != null
        ? failure
        : new IOException("no mounted layer lists object " + digest);
  }

  private synchronized Optional<Stored> whole() throws IOException {
    if (whole == null) {
      whole = fetching.store().find(digest, size).orElse(null);
    }
    return Optional.ofNullable(whole);
  }

  private static int read(Stored stored, long offset, MemorySegment into) throws IOException {
    int length = (int) Math.clamp(stored.size() - offset, 0, into.byteSize());
    if (length > 0) {
      stored.read(offset, into.asSlice(0, length).asByteBuffer());
    }
    return length;
  }

  private int read(Catalog.Location location, long offset, MemorySegment into)
      throws IOException {
    LayerObject object = location.object();
    ChunkTable table = location.layer().table();
    int length = (int) Math.clamp(object.size() - offset, 0, into.byteSize());
    int done = 0;
    while (done < length) {
      int position = table.positionOf(object, offset + done);
      LayerChunk chunk = table.chunk(table.chunkOf(object, position));
      int inChunk = (int) (offset + done - chunk.fileOffset());
      int count = Math.min(length - done, chunk.size() - inChunk);
      readAhead(location, position);
      copy(location.layer(), chunk, inChunk, into.asSlice(done, count));
      done += count;
    }
    return length;
  }

  private void copy(LayerContent layer, LayerChunk chunk, int from, MemorySegment into)
      throws IOException {
    if (layer.isStored(chunk) && copyStored(chunk, from, into)) {
      return;
    }
    Optional<VerifiedChunk> inMemory = layer.inMemory(chunk);
    VerifiedChunk bytes =
        inMemory.isPresent()
            ? inMemory.get()
            : layer.want(chunk).bytes(fetching.policy().wait());
    MemorySegment.copy(
        bytes.bytes(), from, into, ValueLayout.JAVA_BYTE, 0, (int) into.byteSize());
  }

  /// Copies from the store; false if the store has just given the chunk up.
  private synchronized boolean copyStored(LayerChunk chunk, int from, MemorySegment into)
      throws IOException {
    Digest wanted = chunk.digest().orElseThrow();
    if (!wanted.equals(partDigest)) {
      closePart();
      part = fetching.store().find(wanted, chunk.size()).orElse(null);
      partDigest = part == null ? null : wanted;
    }
    if (part == null) {
      return false;
    }
    part.read(from, into.asByteBuffer());
    return true;
  }

  /// Doubles what is fetched ahead with every chunk that follows the one before; starts over when one does not.
  private void readAhead(Catalog.Location location, int position) {
    long bytes;
    synchronized (this) {
      if (position == lastPosition) {
        return;
      }
      boolean sequential = position == lastPosition + 1;
      lastPosition = position;
      ahead =
          sequential
              ? Math.min(
                  Math.max(2 * ahead, fetching.policy().quantum()),
                  fetching.policy().maxReadahead())
              : 0;
      bytes = ahead;
    }
    ChunkTable table = location.layer().table();
    for (int next = position + 1; next < location.object().chunks() && bytes > 0; next++) {
      LayerChunk chunk = table.chunk(table.chunkOf(location.object(), next));
      location.layer().prefetch(chunk, fetching.policy().quantum());
      bytes -= chunk.size();
    }
  }

  private synchronized void closePart() throws IOException {
    if (part != null) {
      part.close();
      part = null;
      partDigest = null;
    }
  }

  @Override
  public synchronized void close() throws IOException {
    try {
      closePart();
    } finally {
      if (whole != null) {
        whole.close();
        whole = null;
      }
    }
  }
}
