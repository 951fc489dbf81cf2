package dev.asterism.cache;

import dev.asterism.content.Digest;
import java.time.Instant;
import java.util.List;

/// An image that stays in the store whatever room is needed. Immutable.
///
/// @param image its reference, as it was pinned
/// @param layers digests of its layers, lowest first
/// @param since when it was pinned
public record Pin(String image, List<Digest> layers, Instant since) {
  private static final int MAX_LENGTH = 4096; // far beyond any reference

  /// @throws IllegalArgumentException if the image has no name or no layers, or a name of several
  ///   lines
  public Pin {
    layers = List.copyOf(layers);
    if (image.isBlank()
        || image.length() > MAX_LENGTH
        || image.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException("not the name of an image");
    }
    if (layers.isEmpty()) {
      throw new IllegalArgumentException("image %s has no layers to pin".formatted(image));
    }
  }
}
