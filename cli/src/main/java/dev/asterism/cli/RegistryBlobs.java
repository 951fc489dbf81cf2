package dev.asterism.cli;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import dev.asterism.layers.BlobSource;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.RegistryClient;
import java.io.IOException;
import java.util.OptionalLong;

/// Layers' blobs, from the registry that the image's reference names. Thread-safe.
///
/// @param client stays the caller's
record RegistryBlobs(RegistryClient client) implements BlobSource {
  @Override
  public Blob open(String image, Digest layer) throws IOException {
    return client.blob(parse(image, layer), layer, OptionalLong.empty());
  }

  @Override
  public Blob open(String image, Digest layer, long size) throws IOException {
    return client.blob(parse(image, layer), layer, OptionalLong.of(size));
  }

  private static ImageReference parse(String image, Digest layer) throws IOException {
    try {
      return ImageReference.parse(image);
    } catch (IllegalArgumentException e) {
      throw new IOException("layer %s: %s".formatted(layer, e.getMessage()), e);
    }
  }
}
