package dev.asterism.cli.doctor;

import dev.asterism.erofs.ErofsWriter;
import dev.asterism.erofs.TreeBuilder;
import dev.asterism.linux.Mounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// An empty image of the kind that holds a layer's metadata.
final class MetadataImage {
  private MetadataImage() {}

  /// Mounts one straight from its file, and takes it away again.
  ///
  /// mount(8) would help an old kernel out with a loop device; mount(2), as the daemon uses it,
  /// does not.
  ///
  /// @throws IOException if the kernel refuses
  static void tryMount() throws IOException {
    Path folder = Files.createTempDirectory("asterism-doctor");
    Path image = folder.resolve("image.erofs");
    Path mountpoint = Files.createDirectory(folder.resolve("mountpoint"));
    try {
      ErofsWriter.write(new TreeBuilder().build(), image);
      Mounts.mount(image.toString(), mountpoint, "erofs", Mounts.MS_RDONLY, "");
      Mounts.unmount(mountpoint, Mounts.MNT_DETACH);
    } finally {
      Files.deleteIfExists(image);
      Files.deleteIfExists(mountpoint);
      Files.deleteIfExists(folder);
    }
  }
}
