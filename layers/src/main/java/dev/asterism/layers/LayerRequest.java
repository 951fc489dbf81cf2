package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.util.Optional;

/// Which layer, where from, and how far to trust it. Immutable.
///
/// @param image the reference the layer was pulled by, as containerd writes it, e.g.
///   `docker.io/library/python:3`; tells host and repository
/// @param layer digest of the compressed blob
/// @param tocDigest digest of the layer's TOC as the manifest's annotation pins it; empty where the
///   manifest has none
/// @param verification whether the TOC digest must be there and hold
public record LayerRequest(
    String image, Digest layer, Optional<Digest> tocDigest, Verification verification) {
  /// How far a layer must prove itself.
  public enum Verification {
    /// The TOC must hash to what the manifest pins, every chunk to what the TOC says.
    REQUIRED,
    /// Chunk digests are checked where the TOC has them; nothing of the layer is shared.
    SKIPPED
  }
}
