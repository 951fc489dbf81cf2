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
  /// does not. The kernel reads such a file through the file system it lies on, and some (tmpfs,
  /// overlayfs) cannot be read that way: it has to lie where the daemon's would.
  ///
  /// @throws IOException if the kernel refuses
  static void tryMount(Scratch scratch) throws IOException {
    Path image = scratch.resolve("image.erofs");
    Path mountpoint = Files.createDirectory(scratch.resolve("mountpoint"));
    ErofsWriter.write(new TreeBuilder().build(), image);
    Mounts.mount(image.toString(), mountpoint, "erofs", Mounts.MS_RDONLY, "");
    Mounts.unmount(mountpoint, Mounts.MNT_DETACH);
  }
}
