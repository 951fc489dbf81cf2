package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.layers.LazyNode.sh;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Command;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A cache that cannot keep what it is given: no container sees it while the registry answers.
@Tag("kernel")
@Timeout(300)
final class FaultyDiskTest {
  private static final byte[] BIG = RandomTrees.content(Seeds.generator(31), 1_500_000);

  @TempDir Path directory;

  /// What is wrong with the cache's file system, from before the daemon starts or while it runs.
  enum Disk {
    ALMOST_FULL("tmpfs", "size=600k", ":"),
    FEW_INODES("tmpfs", "nr_inodes=860", ":"),
    FILLED("tmpfs", "size=8m", "dd if=/dev/zero of=$1/fill bs=64k 2>/dev/null || test -s $1/fill"),
    READ_ONLY("ext4", "loop", "mount -o remount,abort $1"), // ext4(5): as after an I/O error
    FULL_EXT4(
        "ext4",
        "loop",
        "dd if=/dev/zero of=$1/fill bs=4k 2>/dev/null; dd if=/dev/zero of=$1/more bs=1k; true");

    final String type;
    final String options;
    final String trouble;

    Disk(String type, String options, String trouble) {
      this.type = type;
      this.options = options;
      this.trouble = trouble;
    }
  }

  private static Layer layer() {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      entries.add(file("small" + i, content(i)));
    }
    entries.add(file("big", BIG));
    return new Layer(entries);
  }

  private static byte[] content(int i) {
    return RandomTrees.content(Seeds.generator(i), 5_000 + i);
  }

  @ParameterizedTest
  @EnumSource
  void read_cacheThatTakesNothingMore_isRight(Disk disk) throws Exception {
    Path cache = Files.createDirectories(directory.resolve("root/cache"));
    mount(disk, cache);
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(layer()));
      cat(rootfs, "small0").orThrow();
      sh(disk.trouble, cache.toString()).orThrow();

      assertThat(cat(rootfs, "big").orThrow().out()).isEqualTo(BIG);
      for (int i = 0; i < 60; i++) {
        assertThat(cat(rootfs, "small" + i).orThrow().out()).isEqualTo(content(i));
      }
      assertThat(cat(rootfs, "big").orThrow().out()).isEqualTo(BIG);

      LazyNode.dropCaches();
      Path again = node.mount(node.requests().toArray(LayerRequest[]::new));
      assertThat(cat(again, "small59").orThrow().out()).isEqualTo(content(59));
      node.assertStoreIsRight();
      if (disk == Disk.READ_ONLY) {
        assertThatThrownBy(node::stop).hasMessageContaining("EROFS");
      }
    }
  }

  private void mount(Disk disk, Path cache) throws Exception {
    String device = "none";
    if (disk.type.equals("ext4")) {
      Path image = directory.resolve("disk.img");
      Command.of("truncate", "-s", "8M", image.toString()).runOrThrow();
      Command.of("mkfs.ext4", "-q", "-m", "0", "-N", "4000", image.toString()).runOrThrow();
      device = image.toString();
    }
    Command.of("mount", "-t", disk.type, "-o", disk.options, device, cache.toString()).runOrThrow();
  }

  @Test
  void read_spaceComesBack_keepsAgain() throws Exception {
    Path cache = Files.createDirectories(directory.resolve("root/cache"));
    mount(Disk.FILLED, cache);
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(layer()));
      sh(Disk.FILLED.trouble, cache.toString()).orThrow();
      cat(rootfs, "small0").orThrow();
      cat(rootfs, "big").orThrow();
      sh("rm $1/fill", cache.toString()).orThrow();

      assertThat(cat(rootfs, "small30").orThrow().out()).isEqualTo(content(30));
      assertThat(node.objectSizes()).contains((long) content(30).length);
    }
  }

  /// Links cannot be made from one file system to another: the layers go without theirs.
  @Test
  void read_layersOnAnotherFileSystem_isRightAndShared() throws Exception {
    Path layers = Files.createDirectories(directory.resolve("root/cache/layers"));
    mount(Disk.FILLED, layers);
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(layer()));

      assertThat(cat(rootfs, "big").orThrow().out()).isEqualTo(BIG);
      assertThat(cat(rootfs, "small7").orThrow().out()).isEqualTo(content(7));
      LazyNode.await(() -> node.objectSizes().contains((long) BIG.length));
      assertThat(node.objectSizes()).contains((long) content(7).length);
    }
  }

  @Test
  void read_objectsOnAnotherFileSystem_isRight() throws Exception {
    Path objects = Files.createDirectories(directory.resolve("root/cache/objects"));
    mount(Disk.FILLED, objects);
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(layer()));

      assertThat(cat(rootfs, "big").orThrow().out()).isEqualTo(BIG);
      assertThat(cat(rootfs, "small7").orThrow().out()).isEqualTo(content(7));
      assertThat(cat(rootfs, "small7").orThrow().out()).isEqualTo(content(7));
    }
  }

  /// What somebody removed or damaged behind the daemon's back is fetched again.
  @Test
  void read_objectsRemovedBehindOurBack_isRight() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      LayerRequest layer = origin.add(layer());
      Path rootfs = node.mount(layer);
      cat(rootfs, "big").orThrow();
      cat(rootfs, "small3").orThrow();
      LazyNode.await(() -> node.objectSizes().contains((long) BIG.length));
      node.unmount(rootfs);
      sh(
              "cd $1/cache; find objects fresh chunks -ignore_readdir_race -type f -delete",
              node.root().toString())
          .orThrow();
      LazyNode.dropCaches();

      Path again = node.mount(layer);
      assertThat(cat(again, "small3").orThrow().out()).isEqualTo(content(3));
      assertThat(cat(again, "big").orThrow().out()).isEqualTo(BIG);
    }
  }

  @Test
  void prepare_compiledLayerDamaged_compilesItAgain() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      LayerRequest layer = origin.add(layer());
      node.unmount(node.mount(layer));
      node.stop();
      sh("truncate -s 100 $1/layers/*/chunks.idx", node.root().toString()).orThrow();
      node.start();

      assertThat(cat(node.mount(layer), "small3").orThrow().out()).isEqualTo(content(3));
    }
  }
}
