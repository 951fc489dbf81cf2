package dev.asterism.testkit.registry;

import dev.asterism.content.Digest;
import java.util.List;

/// An image that a [TestRegistry] serves. Immutable.
///
/// @param repository its path, e.g. `test/image`
/// @param tag one of its tags
/// @param manifest digest of its manifest
/// @param manifestSize bytes of its manifest
/// @param config digest of its config
/// @param layers digests of its layers, bottom first
/// @param settings what the config says
public record TestImage(
    String repository,
    String tag,
    Digest manifest,
    long manifestSize,
    Digest config,
    List<Digest> layers,
    ImageConfig settings) {
  public TestImage {
    layers = List.copyOf(layers);
  }
}
