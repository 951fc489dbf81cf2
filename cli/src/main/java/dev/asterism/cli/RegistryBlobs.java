package dev.asterism.cli;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import dev.asterism.layers.BlobSource;
import dev.asterism.layers.ExternalTocs;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.RegistryClient;
import java.io.IOException;
import java.util.OptionalLong;

/// Layers' blobs, from the registry that the image's reference names. Thread-safe.
///
/// @param client stays the caller's
record RegistryBlobs(RegistryClient client) implements BlobSource {
  /// Whoever does not know a blob's size reads its TOC: footer and TOC of some 4,000 entries come
  /// with the size, for little more than a round trip.
  private static final int TAIL = 256 << 10; // 256 KiB

  @Override
  public Blob open(String image, Digest layer) throws IOException {
    return client.blobWithTail(parse(image, layer), layer, TAIL);
  }

  @Override
  public Blob open(String image, Digest layer, long size) throws IOException {
    return client.blob(parse(image, layer), layer, OptionalLong.of(size));
  }

  @Override
  public Blob externalToc(String image, Digest layer) throws IOException {
    return ExternalTocs.find(client, parse(image, layer), layer);
  }

  private static ImageReference parse(String image, Digest layer) throws IOException {
    try {
      return ImageReference.parse(image);
    } catch (IllegalArgumentException e) {
      throw new IOException("layer %s: %s".formatted(layer, e.getMessage()), e);
    }
  }
}
