package dev.asterism.fuse;

import dev.asterism.linux.Mounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The kernel's control file system for FUSE: a directory per connection, named by the minor number
/// of its mount (`Documentation/filesystems/fuse/fuse.rst`).
final class Connections {
  private static final Path USUAL = Path.of("/sys/fs/fuse/connections");

  private Connections() {}

  /// Ends a connection.
  ///
  /// Where nobody has mounted the control file system, it is mounted for this moment.
  static void abort(int minor) throws IOException {
    if (Files.exists(USUAL.resolve(Integer.toString(minor)))) {
      abort(USUAL, minor);
      return;
    }
    Path directory = Files.createTempDirectory("fusectl");
    try {
      Mounts.mount("fusectl", directory, "fusectl", Mounts.MS_NOSUID | Mounts.MS_NODEV, "");
      try {
        abort(directory, minor);
      } finally {
        Mounts.unmount(directory, Mounts.MNT_DETACH);
      }
    } finally {
      Files.delete(directory);
    }
  }

  private static void abort(Path connections, int minor) throws IOException {
    Files.writeString(connections.resolve(minor + "/abort"), "1");
  }
}
