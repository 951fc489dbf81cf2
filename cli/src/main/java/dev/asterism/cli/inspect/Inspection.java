package dev.asterism.cli.inspect;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.estargz.TocLimits;
import dev.asterism.estargz.TocLocation;
import dev.asterism.estargz.TocLocator;
import dev.asterism.estargz.TocPin;
import dev.asterism.estargz.TocReader;
import dev.asterism.layers.ExternalTocs;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.Image;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.RegistryClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// Looks into the layers of one image: reads their footers and TOCs, no content.
public final class Inspection {
  private final RegistryClient client;
  private final Predicate<Digest> stored;
  private final Consumer<String> progress;

  /// @param root of the store to compare with; need not be there
  /// @param progress is told what is being done
  public Inspection(RegistryClient client, Path root, Consumer<String> progress) {
    this.client = client;
    this.stored = new StoredChunks(root);
    this.progress = progress;
  }

  /// One layer of an image. Immutable.
  ///
  /// @param descriptor as the manifest has it
  /// @param figures empty when the layer has no TOC, and is always pulled whole
  public record Layer(Descriptor descriptor, Optional<LayerFigures> figures) {}

  /// Reads all layers, lowest first.
  ///
  /// @throws IOException if the registry does not answer, or a TOC is not what the manifest pins
  public List<Layer> layers(Image image) throws IOException {
    Set<Digest> seen = new HashSet<>();
    List<Layer> layers = new ArrayList<>();
    for (Descriptor descriptor : image.layers()) {
      progress.accept(
          "reading the TOC of layer %d of %d".formatted(layers.size() + 1, image.layers().size()));
      Blob blob =
          client.blob(image.reference(), descriptor.digest(), OptionalLong.of(descriptor.size()));
      layers.add(new Layer(descriptor, figures(image.reference(), blob, descriptor, seen)));
    }
    return layers;
  }

  private Optional<LayerFigures> figures(
      ImageReference image, Blob blob, Descriptor descriptor, Set<Digest> seen) throws IOException {
    TocLocation toc;
    try {
      toc = TocLocator.locate(blob);
    } catch (MalformedLayerException _) {
      return Optional.empty();
    }
    LayerCount count = new LayerCount(seen, stored);
    Digest actual =
        toc.format() == TocLocation.Format.EXTERNAL_TOC
            ? TocReader.readExternal(
                ExternalTocs.find(client, image, descriptor.digest()),
                toc,
                TocLimits.DEFAULT,
                count)
            : TocReader.read(blob, toc, TocLimits.DEFAULT, count);
    Optional<Digest> pinned = TocPin.of(descriptor.annotations(), blob);
    if (pinned.isPresent()) {
      TocReader.verify(descriptor.digest().toString(), pinned.get(), actual);
    }
    return Optional.of(count.figures(toc, pinned.isPresent()));
  }
}
