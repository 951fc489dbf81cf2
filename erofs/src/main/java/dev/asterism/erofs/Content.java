package dev.asterism.erofs;

import dev.asterism.content.Digest;
import java.nio.charset.StandardCharsets;

/// Where overlayfs finds the bytes of a regular file: an absolute path in the data-only lower
/// layers, the value of `trusted.overlay.redirect`. Immutable.
///
/// @param path e.g. `/ab/<64 hex digits>`
public record Content(String path) {
  /// Longest path, in bytes. overlayfs takes any that fits a page; ours are far shorter.
  public static final int MAX_LENGTH = 1024;

  /// @throws IllegalArgumentException if `path` is not absolute, too long, or has a NUL in it
  public Content {
    if (!path.startsWith("/")
        || path.length() < 2
        || path.indexOf(0) >= 0
        || path.getBytes(StandardCharsets.UTF_8).length > MAX_LENGTH) {
      throw new IllegalArgumentException("not a content path: '%s'".formatted(path));
    }
  }

  /// Returns the place of the object `digest` in a store: `/ab/<64 hex digits>`.
  public static Content of(Digest digest) {
    String hex = digest.hex();
    return new Content("/" + hex.substring(0, 2) + "/" + hex);
  }

  @Override
  public String toString() {
    return path;
  }
}
