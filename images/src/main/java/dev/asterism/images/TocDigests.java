package dev.asterism.images;

import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.registry.Descriptor;
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
    LayerTocs tocs = new LayerTocs(source);
    for (PlatformImage.Layer layer : PlatformImage.of(source, platform).layers()) {
      digests.put(layer.descriptor().digest(), find(layer.descriptor(), source, tocs));
    }
    return digests;
  }

  private static Optional<Digest> find(Descriptor layer, ImageSource source, LayerTocs tocs)
      throws IOException {
    try {
      return Optional.of(tocs.read(layer.digest(), source.blob(layer), _ -> {}).digest());
    } catch (MalformedLayerException _) {
      return Optional.empty(); // an ordinary layer
    }
  }
}
