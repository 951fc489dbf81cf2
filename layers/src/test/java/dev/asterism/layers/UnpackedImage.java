package dev.asterism.layers;

import dev.asterism.testkit.containerd.PrivateContainerd;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.TestImage;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The other opinion: layers as containerd itself pulls, unpacks and mounts them, with overlayfs.
///
/// Closing unmounts everything and ends containerd.
final class UnpackedImage implements AutoCloseable {
  private static final Pattern LOWER = Pattern.compile("lowerdir=([^,\\s]+)");

  private final Path directory;
  private final PrivateContainerd containerd;
  private int images;

  private UnpackedImage(Path directory, PrivateContainerd containerd) {
    this.directory = directory;
    this.containerd = containerd;
  }

  /// Starts containerd below `directory`.
  static UnpackedImage start(Path directory) throws Exception {
    Machine.requireRootAnd("containerd", "ctr", "mount");
    return new UnpackedImage(directory, PrivateContainerd.start(directory.resolve("c")));
  }

  /// Returns where an image of these blobs is mounted, read-only; lowest layer first.
  Path mount(List<Layer.EstargzBlob> layers) throws Exception {
    String name = "i" + images++;
    Path mountpoint = Files.createDirectories(directory.resolve(name));
    try (TestRegistry registry = TestRegistry.start()) {
      TestLayer[] blobs =
          layers.stream().map(layer -> TestLayer.gzip(layer.bytes())).toArray(TestLayer[]::new);
      TestImage image = registry.image("test/" + name, "1", blobs);
      String reference = registry.reference(image);
      containerd
          .ctr("images", "pull", "--plain-http", "--snapshotter", "overlayfs", reference)
          .runOrThrow();
      containerd
          .ctr("images", "mount", "--snapshotter", "overlayfs", reference, mountpoint.toString())
          .runOrThrow();
    }
    return mountpoint;
  }

  /// Returns the directories of the layers of an image of two or more that is mounted, topmost
  /// first.
  List<Path> lowerDirectories(Path mountpoint) throws Exception {
    String options =
        Command.of("findmnt", "-n", "-o", "FS-OPTIONS", mountpoint.toString()).runOrThrow().text();
    Matcher lower = LOWER.matcher(options);
    if (!lower.find()) {
      throw new IOException("no lower directories: " + options);
    }
    return Arrays.stream(lower.group(1).split(":", -1)).map(Path::of).toList();
  }

  @Override
  public void close() throws Exception {
    try {
      ScratchFolder.unmountBelow(directory);
    } finally {
      containerd.close();
    }
  }
}
