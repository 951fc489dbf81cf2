package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.estargz.TocLimits;
import dev.asterism.estargz.TocLocation;
import dev.asterism.estargz.TocLocator;
import dev.asterism.estargz.TocReader;
import dev.asterism.estargz.TocVisitor;
import dev.asterism.registry.Descriptor;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/// The TOCs of one image's layers, inside them or beside the image. Confined to one thread.
final class LayerTocs {
  private final Optional<ImageSource> source;
  private Optional<Map<Digest, Descriptor>> beside = Optional.empty();

  LayerTocs(ImageSource source) {
    this.source = Optional.of(source);
  }

  private LayerTocs() {
    source = Optional.empty();
  }

  /// Returns the TOCs of layers that belong to no image that is known.
  static LayerTocs ofLayers() {
    return new LayerTocs();
  }

  /// A TOC that was read.
  record Toc(TocLocation location, Digest digest) {}

  /// Reads a layer's TOC. That its digest is what the manifest pins is for the caller to see.
  ///
  /// @throws MalformedLayerException if the layer has none, or it is damaged or not to be found
  Toc read(Digest layer, Blob blob, TocVisitor visitor) throws IOException {
    TocLocation location = TocLocator.locate(blob);
    Digest digest =
        location.format() == TocLocation.Format.EXTERNAL_TOC
            ? TocReader.readExternal(external(layer), location, TocLimits.DEFAULT, visitor)
            : TocReader.read(blob, location, TocLimits.DEFAULT, visitor);
    return new Toc(location, digest);
  }

  /// As the other, for its text.
  Toc text(Digest layer, Blob blob, TocReader.Text text) throws IOException {
    TocLocation location = TocLocator.locate(blob);
    Digest digest =
        location.format() == TocLocation.Format.EXTERNAL_TOC
            ? TocReader.externalText(external(layer), location, TocLimits.DEFAULT, text)
            : TocReader.text(blob, location, TocLimits.DEFAULT, text);
    return new Toc(location, digest);
  }

  private Blob external(Digest layer) throws IOException {
    if (source.isEmpty()) {
      throw new MalformedLayerException(
          MalformedLayerException.UNKNOWN_OFFSET,
          "its TOC is external: name the image, beside which that is");
    }
    Map<Digest, Descriptor> tocs = beside.isPresent() ? beside.get() : TocImage.tocs(source.get());
    beside = Optional.of(tocs);
    Descriptor toc = tocs.get(layer);
    if (toc == null) {
      throw new MalformedLayerException(
          MalformedLayerException.UNKNOWN_OFFSET,
          "its TOC is external, and no image beside this one has it");
    }
    return source.get().blob(toc);
  }
}
