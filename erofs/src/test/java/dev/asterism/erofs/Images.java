package dev.asterism.erofs;

import java.io.IOException;
import java.nio.file.Path;

/// Writes images, each judged by `fsck.erofs` where it is installed.
final class Images {
  private Images() {}

  /// Writes the image `directory/name`.
  static Path write(Tree tree, Path directory, String name) throws IOException {
    Path image = directory.resolve(name);
    ErofsWriter.write(tree, image);
    if (Shell.isAllRequired() || Shell.hasTool("fsck.erofs")) {
      Shell.run(directory, "fsck.erofs", image.toString());
    }
    return image;
  }
}
