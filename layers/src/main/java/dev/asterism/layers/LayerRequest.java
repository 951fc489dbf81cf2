package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.util.Optional;
import java.util.OptionalLong;

/// Which layer, where from, and how far to trust it. Immutable.
///
/// @param image the reference the layer was pulled by, as containerd writes it, e.g.
///   `docker.io/library/python:3`; tells host and repository
/// @param layer digest of the compressed blob
/// @param tocDigest digest of the layer's TOC as the manifest's annotation pins it; empty where the
///   manifest has none
/// @param verification whether the TOC digest must be there and hold
/// @param prefetch compressed bytes that a label says are needed at once, 0 or more, where the
///   layer itself says nothing
/// @param outages what a label says of reads whose registry is away
/// @param whole whether a label says that all of the image is going to be read
public record LayerRequest(
    String image,
    Digest layer,
    Optional<Digest> tocDigest,
    Verification verification,
    OptionalLong prefetch,
    Optional<OutagePolicy> outages,
    boolean whole) {
  /// A layer without labels about how it is fetched.
  public LayerRequest(
      String image, Digest layer, Optional<Digest> tocDigest, Verification verification) {
    this(image, layer, tocDigest, verification, OptionalLong.empty(), Optional.empty(), false);
  }

  /// Returns the same with a label about prefetching.
  public LayerRequest withPrefetch(OptionalLong bytes) {
    return new LayerRequest(image, layer, tocDigest, verification, bytes, outages, whole);
  }

  /// Returns the same with a label about outages.
  public LayerRequest withOutages(Optional<OutagePolicy> policy) {
    return new LayerRequest(image, layer, tocDigest, verification, prefetch, policy, whole);
  }

  /// Returns the same with a label about reading all of the image.
  public LayerRequest withWhole(boolean all) {
    return new LayerRequest(image, layer, tocDigest, verification, prefetch, outages, all);
  }

  /// How far a layer must prove itself.
  public enum Verification {
    /// The TOC must hash to what the manifest pins, every chunk to what the TOC says.
    REQUIRED,
    /// Chunk digests are checked where the TOC has them; nothing of the layer is shared.
    SKIPPED
  }
}
