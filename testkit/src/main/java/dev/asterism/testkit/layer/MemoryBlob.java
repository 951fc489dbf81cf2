package dev.asterism.testkit.layer;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// A blob that is an array, and remembers what was read of it. Thread-safe.
public final class MemoryBlob implements Blob {
  private final byte[] bytes;
  private final List<ByteRange> reads = Collections.synchronizedList(new ArrayList<>());

  /// @param bytes not copied
  public MemoryBlob(byte[] bytes) {
    this.bytes = bytes;
  }

  /// Returns the array, not a copy.
  public byte[] bytes() {
    return bytes;
  }

  /// Returns the ranges that were opened so far, in order.
  public List<ByteRange> reads() {
    synchronized (reads) {
      return List.copyOf(reads);
    }
  }

  @Override
  public long size() {
    return bytes.length;
  }

  @Override
  public InputStream open(ByteRange range) {
    if (range.end() > bytes.length) {
      throw new IllegalArgumentException("%s ends behind %d".formatted(range, bytes.length));
    }
    reads.add(range);
    return new ByteArrayInputStream(bytes, (int) range.start(), (int) range.length());
  }
}
