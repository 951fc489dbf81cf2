package dev.asterism.layers;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import dev.asterism.estargz.Annotations;
import dev.asterism.estargz.EstargzLayer;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.Image;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.Platform;
import dev.asterism.registry.RegistryClient;
import java.io.IOException;
import java.util.OptionalLong;

/// TOCs that lie beside their image: in a second one of the same repository, whose tag ends in
/// `-esgztoc`, a layer each, annotated with the digest of the layer that it is the TOC of (stargz
/// snapshotter, "External TOC"). Stateless.
public final class ExternalTocs {
  private ExternalTocs() {}

  /// Finds a layer's TOC. What it says is not verified here: the manifest of the layer pins it.
  ///
  /// @throws IOException if the image was not pulled by a tag, or there is no such image or layer
  public static Blob find(RegistryClient client, ImageReference image, Digest layer)
      throws IOException {
    if (image.tag().isEmpty()) {
      throw new IOException(
          "layer %s has an external TOC, which is looked up by tag; %s has none"
              .formatted(layer, image));
    }
    ImageReference beside = image.withTag(image.tag().get() + EstargzLayer.ExternalToc.TAG_SUFFIX);
    Image tocs = client.resolve(beside, Platform.host());
    for (Descriptor each : tocs.layers()) {
      if (layer.toString().equals(each.annotations().get(Annotations.LAYER_DIGEST))) {
        return client.blob(beside, each.digest(), OptionalLong.of(each.size()));
      }
    }
    throw new IOException("%s has no TOC of layer %s".formatted(beside, layer));
  }
}
