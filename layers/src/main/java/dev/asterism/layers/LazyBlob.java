package dev.asterism.layers;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicReference;

/// A blob whose registry is asked only when bytes of it are needed: a layer that came from disk
/// needs no network.
///
/// Thread-safe; two that come first may both ask, and one answer stays.
final class LazyBlob implements Blob {
  private final BlobSource source;
  private final String image;
  private final Digest layer;
  private final long size;
  private final AtomicReference<Blob> found = new AtomicReference<>();

  LazyBlob(BlobSource source, String image, Digest layer, long size) {
    this.source = source;
    this.image = image;
    this.layer = layer;
    this.size = size;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public InputStream open(ByteRange range) throws IOException {
    return blob().open(range);
  }

  @Override
  public InputStream open(ByteRange range, Runnable again) throws IOException {
    return blob().open(range, again);
  }

  private Blob blob() throws IOException {
    Blob blob = found.get();
    if (blob == null) {
      blob = source.open(image, layer, size);
      if (blob.size() != size) {
        throw new IOException(
            "layer %s of %s has %d bytes in the registry and had %d"
                .formatted(layer, image, blob.size(), size));
      }
      found.set(blob);
    }
    return blob;
  }

  @Override
  public boolean distrust(ByteRange range) {
    Blob blob = found.get();
    return blob != null && blob.distrust(range);
  }
}
