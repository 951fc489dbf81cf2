package dev.asterism.registry;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;

/// A blob whose last bytes came with the answer that told its size.
///
/// For who reads the end first, as every reader of a TOC does; it holds the tail as long as it
/// lives. Thread-safe.
final class TailedBlob implements Blob {
  private final Blob blob;
  private final byte[] tail;
  private final long tailStart;

  /// @param tail the last bytes of `blob`, not copied
  TailedBlob(Blob blob, byte[] tail) {
    this.blob = blob;
    this.tail = tail;
    this.tailStart = blob.size() - tail.length;
  }

  @Override
  public long size() {
    return blob.size();
  }

  @Override
  public InputStream open(ByteRange range) throws IOException {
    return open(range, () -> {});
  }

  @Override
  public InputStream open(ByteRange range, Runnable again) throws IOException {
    if (range.end() <= tailStart || range.isEmpty() || range.end() > size()) {
      return blob.open(range, again);
    }
    if (range.start() >= tailStart) {
      return fromTail(range);
    }
    return new SequenceInputStream(
        blob.open(new ByteRange(range.start(), tailStart), again),
        fromTail(new ByteRange(tailStart, range.end())));
  }

  @Override
  public boolean distrust(ByteRange range) {
    return blob.distrust(range);
  }

  private InputStream fromTail(ByteRange range) {
    return new ByteArrayInputStream(tail, (int) (range.start() - tailStart), (int) range.length());
  }
}
