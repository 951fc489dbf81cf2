package dev.asterism.cli.handover;

import dev.asterism.cache.DirectoryCache;
import dev.asterism.linux.ErrnoException;
import dev.asterism.linux.Mount;
import dev.asterism.linux.Mounts;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What a daemon has mounted below its root, to be taken away when it has ended for good.
public final class RootMounts {
  /// Where a root has its namespaces, each with what a root has, if they share nothing.
  public static final String NAMESPACES = "namespaces";

  private RootMounts() {}

  /// Unmounts the gate and every chain, and ends who holds the gate; of each namespace, where they
  /// have their own. Containers that still run keep their overlay, but not what they have not read.
  /// Nothing else below the root changes.
  ///
  /// @param root a daemon's, without symlinks
  /// @return how many mounts there were
  /// @throws IOException if a daemon serves it
  public static int unmountAll(Path root) throws IOException {
    int count = unmountEach(root);
    KeeperProcess.ofLogins(root).release(); // not before: a daemon that serves the root wants it
    return count;
  }

  private static int unmountEach(Path root) throws IOException {
    Path namespaces = root.resolve(NAMESPACES);
    if (!Files.isDirectory(namespaces)) {
      return unmountOne(root);
    }
    int count = 0;
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(namespaces)) {
      for (Path namespace : entries) {
        count += Files.isDirectory(namespace.resolve("cache")) ? unmountOne(namespace) : 0;
      }
    }
    return count;
  }

  private static int unmountOne(Path root) throws IOException {
    Path cache = root.resolve("cache");
    if (!Files.isDirectory(cache)) {
      throw new IOException("%s is no root of a daemon: it has no cache".formatted(root));
    }
    try (Closeable _ = DirectoryCache.hold(cache)) {
      List<Path> mounts = mountsOf(root);
      for (Path mount : mounts) {
        unmount(mount);
      }
      KeeperProcess.ofGate(root).release();
      return mounts.size();
    }
  }

  /// Waits for nobody: whoever waits in the gate gets an error now.
  private static void unmount(Path mount) throws IOException {
    try {
      Mounts.unmount(mount, Mounts.MNT_FORCE | Mounts.UMOUNT_NOFOLLOW);
    } catch (ErrnoException _) {
      Mounts.unmount(mount, Mounts.MNT_DETACH | Mounts.UMOUNT_NOFOLLOW);
    }
  }

  private static List<Path> mountsOf(Path root) throws IOException {
    Path gate = root.resolve("fs");
    Path chains = root.resolve("chains");
    return Mounts.table().stream()
        .map(Mount::mountpoint)
        .filter(path -> path.equals(gate) || chains.equals(path.getParent()))
        .toList()
        .reversed();
  }
}
