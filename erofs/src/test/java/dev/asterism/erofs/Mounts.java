package dev.asterism.erofs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/// The mounts of one test, below a directory of its own; closing unmounts them.
final class Mounts implements AutoCloseable {
  private final Path base;
  private final Deque<String> mounted = new ArrayDeque<>();

  /// Skips the test where it cannot mount.
  Mounts(Path base) {
    Shell.requireRoot();
    Shell.requireTools("mount", "umount", "find", "stat", "getfattr", "setfattr", "sha256sum");
    this.base = base;
  }

  /// Mounts an image at `base/name`.
  Path erofs(Path image, String name) throws IOException {
    Files.createDirectories(base.resolve(name));
    Shell.run(base, "mount", "-t", "erofs", "-o", "ro", image.toString(), name);
    mounted.push(name);
    return base.resolve(name);
  }

  /// Mounts an overlay without an upper layer at `base/name`.
  ///
  /// @param lowers below `base`, topmost first
  /// @param options behind `lowerdir=…`, e.g. `::objects,metacopy=on`
  Path overlay(String name, List<String> lowers, String options) throws IOException {
    Files.createDirectories(base.resolve(name));
    String lowerdir = "lowerdir=" + String.join(":", lowers) + options;
    Shell.run(base, "mount", "-t", "overlay", "-o", lowerdir, "overlay", name);
    mounted.push(name);
    return base.resolve(name);
  }

  @Override
  public void close() {
    while (!mounted.isEmpty()) {
      Shell.run(base, "umount", mounted.pop());
    }
  }
}
