package dev.asterism.cache;

import dev.asterism.linux.Errno;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// What the file system under a cache can do, tried and not assumed. Immutable.
///
/// @param noLinks why chunks cannot be shared by hard links; empty if they can
/// @param noLayerLinks why layers cannot hold links to chunks; empty if they can
/// @param sharesBlocks whether files can share blocks
public record DiskAbilities(
    Optional<Cause> noLinks, Optional<Cause> noLayerLinks, boolean sharesBlocks) {
  private static final System.Logger LOG = System.getLogger(DiskAbilities.class.getName());
  private static final byte[] BLOCK = new byte[4096];

  /// Tries, with files in `wip` and names that no digest has; all are gone afterwards.
  static DiskAbilities probe(CacheLayout layout, CacheDisk disk) {
    String file = layout.unfinished();
    int errno = disk.create(file, BLOCK);
    try {
      if (errno != 0) {
        Optional<Cause> cause = Optional.of(Cause.of(errno));
        return new DiskAbilities(cause, cause, false);
      }
      Optional<Cause> noLinks =
          link(disk, file, layout.fresh() + "/.probe")
              .or(() -> link(disk, file, layout.objects() + "/.probe"))
              .or(() -> link(disk, file, layout.chunks() + "/.probe"));
      Optional<Cause> noLayerLinks = link(disk, file, layout.layers() + "/.probe");
      return new DiskAbilities(noLinks, noLayerLinks, sharesBlocks(layout, disk, file));
    } finally {
      disk.unlink(file);
    }
  }

  private static Optional<Cause> link(CacheDisk disk, String file, String name) {
    disk.unlink(name); // of an earlier probe that was killed
    int errno = disk.link(file, name);
    disk.unlink(name);
    return errno == 0 || errno == Errno.EEXIST.number()
        ? Optional.empty()
        : Optional.of(Cause.of(errno));
  }

  private static boolean sharesBlocks(CacheLayout layout, CacheDisk disk, String file) {
    String clone = layout.unfinished();
    try {
      disk.createOpen(clone).close();
      return disk.cloneRange(file, 0, BLOCK.length, clone, 0) == 0;
    } catch (IOException _) {
      return false; // not even created
    } finally {
      disk.unlink(clone);
    }
  }

  /// Says once, in the log, what is not shared and why.
  ///
  /// @param mode what came of the configuration and of this
  void log(DirectoryCacheConfig config, CacheMode mode, Path root) {
    if (!config.enableHardlink()) {
      LOG.log(System.Logger.Level.INFO, "cache shares nothing, as configured root={0}", root);
    } else if (mode == CacheMode.PLAIN) {
      LOG.log(
          System.Logger.Level.WARNING,
          "cache without hard links, nothing is shared cause={0} root={1}",
          noLinks.map(Cause::name).orElseThrow(),
          root);
    } else if (noLinks.or(() -> noLayerLinks).isPresent()) {
      LOG.log(
          System.Logger.Level.WARNING,
          "cache cannot make all hard links now noLinks={0} noLayerLinks={1} root={2}",
          noLinks.map(Cause::name).orElse(""),
          noLayerLinks.map(Cause::name).orElse(""),
          root);
    }
  }
}
