package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.Platform;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// One platform's image, as its manifest and its config describe it. Immutable.
///
/// @param platform as the config names it; empty where that names none
/// @param documents from what the image's name stands for to its manifest: that alone, or indexes
///   above it
/// @param config the config's descriptor
/// @param container what a container of the image runs
/// @param layers bottom first
public record PlatformImage(
    Optional<Platform> platform,
    List<Document> documents,
    Descriptor config,
    ContainerConfig container,
    List<Layer> layers) {
  private static final int MAX_DEPTH = 4; // of indexes within indexes

  public PlatformImage {
    documents = List.copyOf(documents);
    layers = List.copyOf(layers);
  }

  /// Returns the manifest's digest.
  public Digest manifest() {
    return documents.getLast().digest();
  }

  /// A layer with what the config says of it.
  public record Layer(Descriptor descriptor, Digest diffId) {}

  /// Finds the image for one platform.
  ///
  /// @throws IOException if there is none, or it is malformed
  public static PlatformImage of(ImageSource source, Platform platform) throws IOException {
    List<Document> documents = new ArrayList<>(List.of(source.root()));
    while (documents.getLast().isIndex()) {
      if (documents.size() > MAX_DEPTH) {
        throw new IOException("indexes within indexes without end");
      }
      documents.add(source.document(choose(documents.getLast(), platform)));
    }
    return read(source, documents);
  }

  /// Finds the images for all platforms that are wanted; what is attached to them, and holds no
  /// layers of a file system, is left out.
  ///
  /// @throws IOException if one is malformed
  static List<PlatformImage> all(ImageSource source, Platforms platforms) throws IOException {
    List<PlatformImage> found = new ArrayList<>();
    collect(source, source.root(), platforms, found, 0);
    return found;
  }

  private static void collect(
      ImageSource source,
      Document document,
      Platforms platforms,
      List<PlatformImage> found,
      int depth)
      throws IOException {
    if (depth > MAX_DEPTH) {
      throw new IOException("indexes within indexes without end");
    }
    if (!document.isIndex()) {
      boolean ofFiles = false;
      for (Json.Obj layer : document.json().objects("layers")) {
        ofFiles |= MediaTypes.isLayer(layer.text("mediaType").orElse(""));
      }
      if (ofFiles) {
        found.add(read(source, List.of(document)));
      }
      return;
    }
    for (Json.Obj entry : document.json().objects("manifests")) {
      if (platforms.includes(platform(entry))) {
        collect(source, source.document(Document.descriptor(entry)), platforms, found, depth + 1);
      }
    }
  }

  private static PlatformImage read(ImageSource source, List<Document> documents)
      throws IOException {
    Json.Obj manifest = documents.getLast().json();
    Descriptor config =
        Document.descriptor(
            manifest.object("config").orElseThrow(() -> new IOException("no config")));
    if (config.size() > Document.MAX_SIZE) {
      throw new IOException("the image's config has %d bytes".formatted(config.size()));
    }
    Blob blob = source.blob(config);
    byte[] bytes = Document.verified(config, blob.read(new ByteRange(0, config.size()))).bytes();
    ImageConfig parsed = ImageConfig.parse(bytes);
    List<Digest> diffIds = parsed.diffIds();
    List<Json.Obj> layers = manifest.objects("layers");
    if (diffIds.size() != layers.size()) {
      throw new IOException(
          "the config lists %d layers, the manifest %d".formatted(diffIds.size(), layers.size()));
    }
    List<Layer> found = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      found.add(new Layer(Document.descriptor(layers.get(i)), diffIds.get(i)));
    }
    return new PlatformImage(
        of(parsed.json()), documents, config, ContainerConfig.parse(parsed.json()), found);
  }

  private static Descriptor choose(Document index, Platform platform) throws IOException {
    for (Json.Obj entry : index.json().objects("manifests")) {
      Optional<Platform> of = platform(entry);
      if (of.isEmpty() || of.get().equals(platform)) {
        return Document.descriptor(entry);
      }
    }
    throw new IOException("no image for " + platform);
  }

  /// Returns the platform that an entry of an index names.
  static Optional<Platform> platform(Json.Obj entry) {
    return entry.object("platform").flatMap(PlatformImage::of);
  }

  private static Optional<Platform> of(Json.Obj named) {
    Map<String, String> parts = new HashMap<>();
    for (String part : List.of("os", "architecture", "variant")) {
      named.text(part).ifPresent(value -> parts.put(part, value));
    }
    return parts.containsKey("os") && parts.containsKey("architecture")
        ? Optional.of(
            new Platform(
                parts.getOrDefault("os", ""),
                parts.getOrDefault("architecture", ""),
                parts.getOrDefault("variant", "")))
        : Optional.empty();
  }
}
