package dev.asterism.estargz;

import dev.asterism.content.Digest;
import java.util.Map;
import java.util.TreeMap;

/// What an image must say about a layer that was written. Immutable.
///
/// @param digest of the blob
/// @param size bytes of the blob
/// @param tocDigest of the TOC
/// @param diffId of the tar that the blob inflates to, landmark and TOC included
/// @param uncompressedSize bytes of that tar
public record EstargzLayer(
    Digest digest, long size, Digest tocDigest, Digest diffId, long uncompressedSize) {
  /// Returns the annotations of the layer's descriptor, sorted by key.
  public Map<String, String> annotations() {
    return new TreeMap<>(
        Map.of(
            Annotations.TOC_DIGEST,
            tocDigest.toString(),
            Annotations.UNCOMPRESSED_SIZE,
            Long.toString(uncompressedSize)));
  }
}
