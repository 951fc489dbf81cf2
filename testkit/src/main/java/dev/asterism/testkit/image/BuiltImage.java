package dev.asterism.testkit.image;

import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.TestImage;
import dev.asterism.testkit.registry.TestRegistry;
import java.util.List;

/// An image in files, to be served by a registry. Immutable.
///
/// @param layers lowest first
/// @param command what a container of it runs
public record BuiltImage(List<BuiltLayer> layers, List<String> command) {
  /// Copies both lists.
  public BuiltImage {
    layers = List.copyOf(layers);
    command = List.copyOf(command);
  }

  /// Puts it into a registry, which reads the files while it serves them.
  public TestImage serve(TestRegistry registry, String repository, String tag) {
    return registry.image(
        repository,
        tag,
        ImageConfig.running(command.toArray(String[]::new)),
        layers.stream().map(BuiltLayer::forRegistry).toList());
  }

  /// Returns the bytes of all its layers in the registry.
  public long compressedSize() {
    return layers.stream().mapToLong(layer -> layer.written().size()).sum();
  }

  /// Returns the bytes of all its layers' tars.
  public long unpackedSize() {
    return layers.stream().mapToLong(layer -> layer.written().uncompressedSize()).sum();
  }
}
