package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import java.io.ByteArrayInputStream;
import java.io.InputStream;

/// A small blob in memory. Immutable.
public final class BytesBlob implements Blob {
  private final byte[] bytes;

  /// @param bytes not copied
  public BytesBlob(byte[] bytes) {
    this.bytes = bytes;
  }

  @Override
  public long size() {
    return bytes.length;
  }

  @Override
  public InputStream open(ByteRange range) {
    return new ByteArrayInputStream(bytes, (int) range.start(), (int) range.length());
  }
}
