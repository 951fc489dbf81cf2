package dev.asterism.estargz;

import dev.asterism.content.Blob;
import dev.asterism.content.CorruptContentException;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Map;
import java.util.Optional;

/// What the annotations of a layer's descriptor pin its TOC to. Stateless.
public final class TocPin {
  private TocPin() {}

  /// Returns the digest that a layer's TOC must have; empty where nothing pins it.
  ///
  /// An annotation of the stargz snapshotter is that digest. Those of containers/storage pin the
  /// compressed TOC: then the blob is asked, and what it says is believed because it hashes to what
  /// is pinned.
  ///
  /// @param blob read only in the second case
  /// @throws CorruptContentException if the compressed TOC is not the one that is pinned
  /// @throws MalformedLayerException if the layer has no TOC, though one is pinned
  /// @throws IOException if the blob can't be read
  public static Optional<Digest> of(Map<String, String> annotations, Blob blob) throws IOException {
    Optional<Digest> toc = find(annotations, Annotations.TOC_DIGEST);
    if (toc.isPresent()) {
      return toc;
    }
    Optional<Digest> compressed =
        find(annotations, Annotations.MANIFEST_CHECKSUM)
            .or(() -> find(annotations, Annotations.OLD_MANIFEST_CHECKSUM));
    return compressed.isEmpty()
        ? Optional.empty()
        : Optional.of(verified(blob, compressed.get(), TocLimits.DEFAULT));
  }

  private static Optional<Digest> find(Map<String, String> annotations, String key) {
    return Optional.ofNullable(annotations.get(key)).flatMap(Digest::find);
  }

  private static Digest verified(Blob blob, Digest expected, TocLimits limits) throws IOException {
    TocLocation location = TocLocator.locate(blob);
    if (location.range().length() > limits.compressedSize()) {
      throw new MalformedLayerException(
          location.tocOffset(),
          "TOC of %d compressed bytes, more than %d"
              .formatted(location.range().length(), limits.compressedSize()));
    }
    // Read once: what is hashed is what is decoded.
    MessageDigest hasher = Digest.hasher();
    try (InputStream in = new DigestInputStream(blob.open(location.range()), hasher)) {
      Digest toc = TocReader.read(in, location, limits, _ -> {});
      in.transferTo(OutputStream.nullOutputStream());
      Digest actual = Digest.finish(hasher);
      if (!actual.equals(expected)) {
        throw new CorruptContentException("compressed TOC", expected, actual);
      }
      return toc;
    }
  }
}
