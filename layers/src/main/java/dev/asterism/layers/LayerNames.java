package dev.asterism.layers;

import dev.asterism.content.Digest;
import dev.asterism.erofs.Content;
import dev.asterism.erofs.ErofsImage;
import dev.asterism.erofs.FileType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The names of contents in a compiled layer. Stateless.
final class LayerNames {
  private LayerNames() {}

  /// Returns a path of each of these contents that has one, by one walk through the tree.
  ///
  /// @param image the layer's `layer.erofs`
  static Map<Digest, String> of(Path image, Set<Digest> contents) throws IOException {
    Map<Digest, String> names = new HashMap<>();
    try (ErofsImage tree = ErofsImage.open(image)) {
      tree.walk((path, node, stat) -> {
        if (stat.type() == FileType.REGULAR) {
          tree.content(node)
              .flatMap(LayerNames::digest)
              .filter(contents::contains)
              .ifPresent(content -> names.putIfAbsent(content, path.toString()));
        }
      });
    }
    return names;
  }

  /// Returns the digest that a content's place is named by.
  static Optional<Digest> digest(Content content) {
    return Digest.findHex(content.path().substring(content.path().lastIndexOf('/') + 1));
  }
}
