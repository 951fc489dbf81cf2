package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.Platform;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The layers of one platform's image, bottom first.
final class ImageLayers {
  private static final int MAX_DEPTH = 4; // of indexes within indexes

  private ImageLayers() {}

  /// A layer with what the config says of it.
  record Layer(Descriptor descriptor, Digest diffId) {}

  /// Finds them.
  ///
  /// @throws IOException if the image has none for that platform, or is malformed
  static List<Layer> of(ImageSource source, Platform platform) throws IOException {
    Document document = source.root();
    for (int depth = 0; document.isIndex(); depth++) {
      if (depth == MAX_DEPTH) {
        throw new IOException("indexes within indexes without end");
      }
      document = source.document(choose(document, platform));
    }
    Json.Obj manifest = document.json();
    Descriptor config =
        Document.descriptor(
            manifest.object("config").orElseThrow(() -> new IOException("no config")));
    if (config.size() > Document.MAX_SIZE) {
      throw new IOException("the image's config has %d bytes".formatted(config.size()));
    }
    Blob blob = source.blob(config);
    byte[] bytes = Document.verified(config, blob.read(new ByteRange(0, config.size()))).bytes();
    List<Digest> diffIds = ImageConfig.parse(bytes).diffIds();
    List<Json.Obj> layers = manifest.objects("layers");
    if (diffIds.size() != layers.size()) {
      throw new IOException(
          "the config lists %d layers, the manifest %d".formatted(diffIds.size(), layers.size()));
    }
    List<Layer> found = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      found.add(new Layer(Document.descriptor(layers.get(i)), diffIds.get(i)));
    }
    return found;
  }

  private static Descriptor choose(Document index, Platform platform) throws IOException {
    for (Json.Obj entry : index.json().objects("manifests")) {
      Map<String, String> parts = entry.strings("platform");
      Optional<Platform> of =
          parts.containsKey("architecture")
              ? Optional.of(
                  new Platform(
                      parts.getOrDefault("os", ""),
                      parts.getOrDefault("architecture", ""),
                      parts.getOrDefault("variant", "")))
              : Optional.empty();
      if (of.isEmpty() || of.get().equals(platform)) {
        return Document.descriptor(entry);
      }
    }
    throw new IOException("no image for " + platform);
  }
}
