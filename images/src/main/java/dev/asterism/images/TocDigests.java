package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.estargz.TocLocation;
import dev.asterism.estargz.TocReader;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.Platform;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/// The TOCs of an image's layers and their digests, from the layers themselves.
public final class TocDigests {
  private TocDigests() {}

  /// A TOC that was read.
  public record Toc(TocLocation.Format format, Digest digest) {}

  /// Returns for each layer, bottom first, its TOC; empty for one that has none.
  public static SequencedMap<Digest, Optional<Toc>> of(ImageSource source, Platform platform)
      throws IOException {
    return read(source, platform, _ -> {});
  }

  /// Reads the TOC of each layer that has one, bottom first.
  ///
  /// @param text is given each TOC's JSON, as it stands in the layer
  public static SequencedMap<Digest, Optional<Toc>> read(
      ImageSource source, Platform platform, TocReader.Text text) throws IOException {
    SequencedMap<Digest, Optional<Toc>> digests = new LinkedHashMap<>();
    LayerTocs tocs = new LayerTocs(source);
    for (PlatformImage.Layer layer : PlatformImage.of(source, platform).layers()) {
      Descriptor descriptor = layer.descriptor();
      digests.put(
          descriptor.digest(), find(descriptor.digest(), source.blob(descriptor), tocs, text));
    }
    return digests;
  }

  private static Optional<Toc> find(Digest layer, Blob blob, LayerTocs tocs, TocReader.Text text)
      throws IOException {
    try {
      return Optional.of(toc(tocs.text(layer, blob, text)));
    } catch (MalformedLayerException _) {
      return Optional.empty(); // an ordinary layer
    }
  }

  /// Reads the TOC of one layer, whatever image it belongs to.
  ///
  /// @throws MalformedLayerException if it has none, or that is beside an image
  public static Toc read(Digest layer, Blob blob, TocReader.Text text) throws IOException {
    return toc(LayerTocs.ofLayers().text(layer, blob, text));
  }

  private static Toc toc(LayerTocs.Toc read) {
    return new Toc(read.location().format(), read.digest());
  }
}
