package dev.asterism.layers;

import dev.asterism.content.Digest;
import dev.asterism.erofs.ErofsImage;
import dev.asterism.erofs.ErofsWriter;
import dev.asterism.erofs.Merge;
import dev.asterism.linux.Mounts;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// Merged metadata of chains: `chains/<id>.erofs`, mounted at `chains/<id>`.
///
/// The mounts are the kernel's and outlive the daemon: a container's overlay holds its own
/// reference. The caller sees to it that one chain is built or mounted once at a time.
final class ChainImages {
  private static final String SUFFIX = ".erofs";
  private static final String UNFINISHED = "new-";

  private final Path directory;

  /// Whether the kernel has mounted an image from here before.
  private volatile boolean mountable;

  ChainImages(Path directory) {
    this.directory = directory;
  }

  /// Makes sure that the kernel mounts images from here, by mounting one, unless it did before.
  ///
  /// A layer that is promised and cannot be mounted is a container that does not start; one that is
  /// not promised is pulled as always.
  ///
  /// @throws IOException if it does not: its version, or the file system of the root, is none that
  ///   file-backed EROFS works with
  void requireMountable() throws IOException {
    if (mountable) {
      return;
    }
    try {
      MetadataImage.tryMount(directory, UNFINISHED);
    } catch (IOException e) {
      throw new IOException(
          "lazy layers cannot be mounted from %s (%s): 'asterism doctor --root' says why"
              .formatted(directory, e.getMessage()),
          e);
    }
    mountable = true;
  }

  /// Tells whether the chain's image is on disk.
  boolean isBuilt(Chain chain) {
    return Files.exists(image(chain.id()));
  }

  /// Merges the layers' images, lowest first, and puts the result on disk, whole or not at all.
  /// Chains below must be mounted.
  void build(Chain chain, List<Path> layers) throws IOException {
    Path unfinished = directory.resolve(UNFINISHED + chain.id().hex() + SUFFIX);
    Files.deleteIfExists(unfinished); // of a build that failed
    try {
      merge(chain, layers, unfinished);
      try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.READ)) {
        channel.force(true);
      }
      Files.move(unfinished, image(chain.id()), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  private void merge(Chain chain, List<Path> layers, Path target) throws IOException {
    List<ErofsImage> images = new ArrayList<>();
    try {
      for (Path layer : layers) {
        images.add(ErofsImage.open(layer));
      }
      Merge.Whiteouts whiteouts =
          chain.below().isEmpty() ? Merge.Whiteouts.DROP : Merge.Whiteouts.KEEP;
      ErofsWriter.write(Merge.merge(images, whiteouts, below(chain)), target);
    } finally {
      for (ErofsImage image : images) {
        image.close();
      }
    }
  }

  private LowerDirectories below(Chain chain) throws IOException {
    List<Path> lowers = new ArrayList<>();
    for (Chain.Below below : chain.below()) {
      lowers.add(
          switch (below) {
            case Chain.Below.Unpacked(Path fs) -> fs;
            case Chain.Below.Merged(Digest id) -> mounted(id);
          });
    }
    return new LowerDirectories(lowers);
  }

  private Path mounted(Digest id) throws IOException {
    Path mountpoint = mountpoint(id);
    if (Mounts.find(mountpoint).isEmpty()) {
      throw new IOException("the chain below is not mounted at %s".formatted(mountpoint));
    }
    return mountpoint;
  }

  /// Mounts a built chain unless it is mounted, and returns the mountpoint.
  Path mount(Chain chain) throws IOException {
    Path mountpoint = mountpoint(chain.id());
    if (!Mounts.find(mountpoint).isPresent()) {
      Files.createDirectories(mountpoint);
      Mounts.mount(image(chain.id()).toString(), mountpoint, "erofs", Mounts.MS_RDONLY, "");
    }
    return mountpoint;
  }

  /// Unmounts and removes every chain that is not in `kept`. What is being built is left alone.
  void retain(Set<Digest> kept) throws IOException {
    List<Path> entries;
    try (Stream<Path> list = Files.list(directory)) {
      entries = list.toList();
    }
    for (Path entry : entries) {
      String name = entry.getFileName().toString();
      boolean image = name.endsWith(SUFFIX);
      String id = image ? name.substring(0, name.length() - SUFFIX.length()) : name;
      if (Digest.findHex(id).map(kept::contains).orElse(true)) {
        continue;
      }
      if (!image && Mounts.find(entry).isPresent()) {
        Mounts.unmount(entry, Mounts.MNT_DETACH);
      }
      Files.deleteIfExists(entry);
    }
  }

  /// Removes what a process that was killed left unfinished.
  void removeUnfinished() throws IOException {
    try (Stream<Path> list = Files.list(directory)) {
      for (Path entry :
          list.filter(path -> path.getFileName().toString().startsWith(UNFINISHED)).toList()) {
        if (Mounts.find(entry).isPresent()) {
          Mounts.unmount(entry, Mounts.MNT_DETACH);
        }
        Files.deleteIfExists(entry);
      }
    }
  }

  /// Returns where a chain's image is, or would be.
  Path image(Chain chain) {
    return image(chain.id());
  }

  private Path image(Digest id) {
    return directory.resolve(id.hex() + SUFFIX);
  }

  private Path mountpoint(Digest id) {
    return directory.resolve(id.hex());
  }
}
