package dev.asterism.estargz;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What an image must say about a layer that was written. Immutable.
///
/// @param digest of the blob
/// @param size bytes of the blob
/// @param tocDigest of the TOC
/// @param diffId of the tar that the blob inflates to, landmark included, and in eStargz the TOC,
///   if it is inside
/// @param uncompressedSize bytes of that tar
/// @param manifest of zstd:chunked only: what containers/storage calls the manifest
/// @param externalToc of layers whose TOC is elsewhere: the blob that holds it
public record EstargzLayer(
    Digest digest,
    long size,
    Digest tocDigest,
    Digest diffId,
    long uncompressedSize,
    Optional<CompressedToc> manifest,
    Optional<ExternalToc> externalToc) {
  /// A TOC in a blob of its own: a gzip member with a tar that holds nothing else.
  ///
  /// @param digest of the blob
  /// @param content the blob, in memory
  public record ExternalToc(Digest digest, Blob content) {
    /// What is behind a tag in the tag of the image that holds its layers' TOCs.
    public static final String TAG_SUFFIX = "-esgztoc";
  }

  /// A TOC as it lies in the blob.
  ///
  /// @param digest of the compressed bytes
  public record CompressedToc(
      Digest digest, long offset, long compressedSize, long uncompressedSize) {
    /// Returns it as its annotation has it.
    String position() {
      return "%d:%d:%d:1".formatted(offset, compressedSize, uncompressedSize);
    }
  }

  /// Returns it with its TOC elsewhere.
  EstargzLayer with(ExternalToc toc) {
    return new EstargzLayer(
        digest, size, tocDigest, diffId, uncompressedSize, manifest, Optional.of(toc));
  }

  /// Returns the annotations of the layer's descriptor, sorted by key.
  public Map<String, String> annotations() {
    Map<String, String> all = new TreeMap<>();
    all.put(Annotations.TOC_DIGEST, tocDigest.toString());
    all.put(Annotations.UNCOMPRESSED_SIZE, Long.toString(uncompressedSize));
    manifest.ifPresent(toc -> {
      all.put(Annotations.MANIFEST_CHECKSUM, toc.digest().toString());
      all.put(Annotations.MANIFEST_POSITION, toc.position());
      all.put(Annotations.OLD_MANIFEST_CHECKSUM, toc.digest().toString());
      all.put(Annotations.OLD_MANIFEST_POSITION, toc.position());
    });
    return all;
  }
}
