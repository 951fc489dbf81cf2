package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.estargz.TocLimits;
import dev.asterism.estargz.TocLocator;
import dev.asterism.estargz.TocReader;
import dev.asterism.registry.Platform;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/// The TOC digests of an image's layers, from the layers themselves.
public final class TocDigests {
  private TocDigests() {}

  /// Returns for each layer, bottom first, the digest of its TOC; empty for one that has none.
  public static SequencedMap<Digest, Optional<Digest>> of(ImageSource source, Platform platform)
      throws IOException {
    SequencedMap<Digest, Optional<Digest>> digests = new LinkedHashMap<>();
    for (PlatformImage.Layer layer : PlatformImage.of(source, platform).layers()) {
      digests.put(layer.descriptor().digest(), find(source.blob(layer.descriptor())));
    }
    return digests;
  }

  private static Optional<Digest> find(Blob blob) throws IOException {
    try {
      return Optional.of(TocReader.read(blob, TocLocator.locate(blob), TocLimits.DEFAULT, _ -> {}));
    } catch (MalformedLayerException _) {
      return Optional.empty(); // an ordinary layer
    }
  }
}
