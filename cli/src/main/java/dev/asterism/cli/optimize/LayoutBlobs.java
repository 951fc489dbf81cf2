package dev.asterism.cli.optimize;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import dev.asterism.images.ImageSource;
import dev.asterism.images.PlatformImage;
import dev.asterism.layers.BlobSource;
import dev.asterism.registry.Descriptor;
import java.io.IOException;
import java.util.List;

/// The blobs of one image on this disk, for who usually asks a registry. Thread-safe.
///
/// @param source stays the caller's
record LayoutBlobs(ImageSource source, List<PlatformImage.Layer> layers) implements BlobSource {
  LayoutBlobs {
    layers = List.copyOf(layers);
  }

  @Override
  public Blob open(String image, Digest layer) throws IOException {
    for (PlatformImage.Layer each : layers) {
      Descriptor descriptor = each.descriptor();
      if (descriptor.digest().equals(layer)) {
        return source.blob(descriptor);
      }
    }
    throw new IOException("the image has no layer " + layer);
  }
}
