package dev.asterism.registry;

import dev.asterism.content.Digest;
import java.util.List;

/// A resolved image: one platform's manifest, verified. Immutable.
///
/// @param reference what was resolved, as asked for
/// @param manifestDigest digest of the platform's manifest, to which its bytes were found to hash
/// @param config the image config, to be read with [RegistryClient#config]
/// @param layers bottom first, unmodifiable
public record Image(
    ImageReference reference, Digest manifestDigest, Descriptor config, List<Descriptor> layers) {
  public Image {
    layers = List.copyOf(layers);
  }
}
