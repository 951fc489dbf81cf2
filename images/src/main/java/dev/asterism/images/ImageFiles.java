package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;

/// The files of an OCI layout or of `docker save`, in a folder or in a tar. Thread-safe.
interface ImageFiles extends Closeable {
  /// Returns a file; empty if there is none of that name.
  ///
  /// @param path relative, with slashes
  Optional<Blob> find(String path) throws IOException;

  /// Returns a small file whole.
  ///
  /// @throws IOException if there is none, or it is larger than a manifest may be
  default byte[] read(String path) throws IOException {
    Blob blob = find(path).orElseThrow(() -> new IOException("%s: no %s".formatted(this, path)));
    if (blob.size() > Document.MAX_SIZE) {
      throw new IOException("%s: %s has %d bytes".formatted(this, path, blob.size()));
    }
    return blob.read(new ByteRange(0, blob.size()));
  }
}
