package dev.asterism.layers;

import dev.asterism.erofs.ErofsWriter;
import dev.asterism.erofs.TreeBuilder;
import dev.asterism.linux.Mounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// An empty image of the kind that holds a layer's metadata, to see whether the kernel takes one.
public final class MetadataImage {
  private MetadataImage() {}

  /// Mounts one straight from a file in `directory`, and takes both away again.
  ///
  /// mount(8) would help an old kernel out with a loop device; mount(2), as the daemon uses it,
  /// does not. The kernel reads such a file through the file system it lies on, and some (tmpfs,
  /// overlayfs) cannot be read that way: it has to lie where the daemon's would.
  ///
  /// @param prefix what the names of the file and of the mountpoint begin with
  /// @throws IOException if the kernel refuses; nothing is left then either
  public static void tryMount(Path directory, String prefix) throws IOException {
    Path image = Files.createTempFile(directory, prefix, ".erofs");
    try {
      Path mountpoint = Files.createTempDirectory(directory, prefix);
      try {
        Files.delete(image);
        ErofsWriter.write(new TreeBuilder().build(), image);
        Mounts.mount(image.toString(), mountpoint, "erofs", Mounts.MS_RDONLY, "");
        Mounts.unmount(mountpoint, Mounts.MNT_DETACH);
      } finally {
        Files.delete(mountpoint);
      }
    } finally {
      Files.deleteIfExists(image);
    }
  }
}
