package dev.asterism.layers;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import java.io.IOException;

/// Where layers come from: a registry, seen from here. Thread-safe.
@FunctionalInterface
public interface BlobSource {
  /// Finds a layer's blob.
  ///
  /// @param image the reference it was pulled by; tells host and repository
  /// @param layer digest of the blob
  /// @throws IOException if nobody has it, or nobody answers
  Blob open(String image, Digest layer) throws IOException;

  /// As the other, for a blob whose size is known from an earlier visit: it need not be asked for.
  ///
  /// @param size bytes; a blob that has another size now fails when it is read
  default Blob open(String image, Digest layer, long size) throws IOException {
    return open(image, layer);
  }

  /// Finds the TOC of a layer whose TOC is in another image.
  ///
  /// @throws IOException if nobody has it
  default Blob externalToc(String image, Digest layer) throws IOException {
    throw new IOException(
        "layer %s of %s has an external TOC, and nobody here knows those".formatted(layer, image));
  }
}
