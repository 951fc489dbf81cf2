package dev.asterism.layers;

import static dev.asterism.testkit.layer.Entry.dir;
import static dev.asterism.testkit.layer.Entry.file;
import static dev.asterism.testkit.layer.Entry.opaque;
import static dev.asterism.testkit.layer.Entry.symlink;
import static dev.asterism.testkit.layer.Entry.whiteout;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.tree.TreeListing;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What a container sees does not depend on which layers of its image are lazy: directories that a
/// lazy layer needs and does not name look as they do below, be that unpacked or lazy.
@Tag("kernel")
@Timeout(300)
final class MixedTreeTest {
  private static final Instant OLD = Instant.ofEpochSecond(1_000_000_000);

  /// Directories of all kinds, below what the others need.
  private static final List<Layer> LAYERS =
      List.of(
          Layer.of(
              dir("tmp").mode(01777).owner(1, 2).mtime(OLD),
              dir("private").mode(0700).owner(1000, 1000).xattr("user.kept", "yes"),
              dir("private/deep").mode(0711).owner(7, 8),
              dir("group").mode(02775).owner(0, 50),
              dir("usr").mode(0750).owner(3, 4),
              dir("usr/lib").mode(0705).owner(5, 6),
              symlink("lib", "usr/lib"),
              symlink("abs", "/private/deep"),
              dir("gone").mode(0700).owner(9, 9),
              dir("cut").mode(0700).owner(9, 9),
              file("file", "not a directory"),
              dir("ünï\ncode").mode(0700).owner(1, 1)),
          Layer.of(
              dir("group/named").mode(0700).owner(1, 1),
              whiteout("gone"),
              opaque("cut"),
              file("private/deep/second", "2"),
              dir("made").mode(0701).owner(11, 12)),
          Layer.of(
              file("tmp/new/third", "3"),
              file("private/deep/more/third", "3"),
              file("group/made/here/third", "3"),
              file("usr/lib/third", "3"),
              file("gone/third", "3"),
              file("lib/third", "3"),
              file("abs/third", "3"),
              file("cut/third", "3"),
              file("file/third", "3"),
              file("made/third", "3"),
              file("ünï\ncode/third", "3"),
              file("nowhere/at/all/third", "3")),
          Layer.of(
              file("tmp/new/fourth", "4"),
              file("group/named/fourth", "4"),
              file("made/new/fourth", "4"),
              whiteout("private/deep/second"),
              file("file/fourth", "4")));

  @TempDir static Path shared;
  private static UnpackedImage unpacked;
  private static List<Layer.EstargzBlob> blobs;
  private static Path whole;
  private static long start;

  @TempDir Path directory;

  @BeforeAll
  static void unpack() throws Exception {
    start = Instant.now().getEpochSecond();
    unpacked = UnpackedImage.start(shared);
    blobs = LAYERS.stream().map(Layer::estargz).toList();
    whole = unpacked.mount(blobs);
  }

  @AfterAll
  static void end() throws Exception {
    if (unpacked != null) {
      unpacked.close();
    }
  }

  /// Which layers, counted from the lowest, are lazy.
  static List<Set<Integer>> lazyLayers() {
    return List.of(
        Set.of(3), Set.of(2), Set.of(1), Set.of(2, 3), Set.of(1, 3), Set.of(0, 2), Set.of(0, 3));
  }

  @ParameterizedTest
  @MethodSource("lazyLayers")
  void mount_ofLazyAndUnpackedLayers_isTheSame(Set<Integer> lazy) throws Exception {
    List<Path> lowest = unpacked.lowerDirectories(whole).reversed();
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      List<Path> lowers = new ArrayList<>();
      List<Chain.Below> below = new ArrayList<>();
      List<Digest> run = new ArrayList<>();
      for (int i = 0; i < LAYERS.size(); i++) {
        if (lazy.contains(i)) {
          LayerRequest request = origin.add(blobs.get(i));
          node.service().layers().prepare(request);
          run.add(request.layer());
        } else {
          endRun(node, run, lowers, below);
          lowers.addFirst(lowest.get(i));
          below.addFirst(new Chain.Below.Unpacked(lowest.get(i)));
        }
      }
      endRun(node, run, lowers, below);

      TreeListing actual = SameTreeTest.listing(node.overlay(lowers));

      assertThat(actual.entries()).isNotEmpty();
      assertThat(actual.differenceFrom(SameTreeTest.listing(whole)).lines())
          .allMatch(difference -> SameTreeTest.isTimeOfUnpacking(difference, start));
    }
  }

  private static void endRun(
      LazyNode node, List<Digest> run, List<Path> lowers, List<Chain.Below> below)
      throws Exception {
    if (!run.isEmpty()) {
      Chain chain = new Chain(run, below);
      lowers.addFirst(node.service().layers().mountChain(chain));
      below.addFirst(new Chain.Below.Merged(chain.id()));
      run.clear();
    }
  }
}
