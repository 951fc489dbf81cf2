package dev.asterism.cli.cache;

import dev.asterism.cache.report.StoreSurvey;
import dev.asterism.content.Digest;
import dev.asterism.linux.DirectoryEntries;
import dev.asterism.linux.FileStatus;
import dev.asterism.linux.Links;
import dev.asterism.snapshotter.ImageLayers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.LongConsumer;

/// A root directory as it is on the disk: the store, the images, the compiled layers. Immutable.
///
/// Read from the file system alone, so it says the same with a daemon and without.
///
/// @param root the daemon's root
/// @param survey what stands in the store
/// @param images by name; each with the layers that it has
/// @param compiled bytes on the disk for each layer's compiled metadata
public record StoreContent(
    Path root, StoreSurvey survey, List<ImageLayers> images, Map<Digest, Long> compiled) {
  private static final int BLOCK = 512; // bytes of what statx calls a block

  /// Copies the collections.
  public StoreContent {
    images = List.copyOf(images);
    compiled = Map.copyOf(compiled);
  }

  /// Reads a root.
  ///
  /// @param progress is told now and then how many names have been read
  /// @throws IOException if there is none, or it cannot be read
  public static StoreContent read(Path root, LongConsumer progress) throws IOException {
    requireStore(root);
    Path cache = root.resolve("cache");
    List<ImageLayers> images = ImageLayers.read(root);
    return new StoreContent(
        root, StoreSurvey.of(cache, progress), images, compiled(root.resolve("layers")));
  }

  /// @throws IOException if no store is in a root
  static void requireStore(Path root) throws IOException {
    if (!Files.isDirectory(root.resolve("cache"))) {
      throw new IOException(
          "no store in %s: --root names the daemon's root directory".formatted(root));
    }
  }

  /// Returns the images, and then the layers that belong to none.
  public Sharing byImage() {
    List<Holder> holders = new ArrayList<>();
    for (ImageLayers image : images) {
      holders.add(new Holder(image.image(), Holder.Kind.IMAGE, image.layers()));
    }
    for (Digest layer : allLayers()) {
      if (images.stream().noneMatch(image -> image.layers().contains(layer))) {
        holders.add(Holder.of(layer));
      }
    }
    return Sharing.of(survey, holders, layer -> compiled.getOrDefault(layer, 0L));
  }

  /// Returns each layer by itself, by digest.
  public Sharing byLayer() {
    List<Holder> holders = allLayers().stream().map(Holder::of).toList();
    return Sharing.of(survey, holders, layer -> compiled.getOrDefault(layer, 0L));
  }

  /// Returns the names of the images that have a layer.
  public List<String> imagesOf(Digest layer) {
    return images.stream()
        .filter(image -> image.layers().contains(layer))
        .map(ImageLayers::image)
        .toList();
  }

  /// Returns the bytes on the disk for all compiled metadata.
  public long compiledTotal() {
    return compiled.values().stream().mapToLong(Long::longValue).sum();
  }

  private TreeSet<Digest> allLayers() {
    TreeSet<Digest> layers = new TreeSet<>(compiled.keySet());
    survey.layers().forEach(hold -> layers.add(hold.layer()));
    images.forEach(image -> layers.addAll(image.layers()));
    return layers;
  }

  private static Map<Digest, Long> compiled(Path layers) throws IOException {
    Map<Digest, Long> sizes = new HashMap<>();
    DirectoryEntries.read(
        layers.toString(),
        (name, _, _) -> {
          long[] sum = {0};
          String directory = layers + "/" + name;
          var digest = Digest.findHex(name);
          if (digest.isPresent()) {
            sum[0] += sizeOnDisk(directory);
            DirectoryEntries.read(
                directory, (file, _, _) -> sum[0] += sizeOnDisk(directory + "/" + file));
            sizes.put(digest.get(), sum[0]);
          }
        });
    return sizes;
  }

  private static long sizeOnDisk(String path) throws IOException {
    return Links.find(path).map(FileStatus::blocks).orElse(0L) * BLOCK;
  }
}
