package dev.asterism.registry;

import dev.asterism.content.Digest;
import java.util.Map;

/// Points at content in a repository (OCI image spec, "Content Descriptors"). Immutable.
///
/// @param mediaType as written; not checked against what the content is
/// @param digest of the content
/// @param size bytes of the content, 0 or more
/// @param annotations e.g. the TOC digest of an eStargz layer; unmodifiable
public record Descriptor(
    String mediaType, Digest digest, long size, Map<String, String> annotations) {
  /// @throws IllegalArgumentException if `size` is negative
  public Descriptor {
    if (size < 0) {
      throw new IllegalArgumentException("negative size %d of %s".formatted(size, digest));
    }
    annotations = Map.copyOf(annotations);
  }
}
