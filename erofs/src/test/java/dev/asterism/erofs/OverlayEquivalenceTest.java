package dev.asterism.erofs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.erofs.Merge.Whiteouts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A merged image shows what overlayfs shows for the same layers unpacked: the central claim of
/// this module, on random stacks.
@Tag("kernel")
final class OverlayEquivalenceTest {
  @TempDir Path base;

  @ParameterizedTest
  @ValueSource(
      longs = {
        1, 2, 3, 4, 5, 6, 7, 8, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37,
        38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50
      })
  void merge_randomStack_isWhatOverlayfsShows(long seed) throws IOException {
    Random random = new Random(seed);
    int layers = 1 + random.nextInt(5);
    List<List<LayerEntry>> stack = new RandomLayers(random).stack(layers, 25);
    compare(stack, 0, Whiteouts.DROP);
  }

  @ParameterizedTest
  @ValueSource(
      longs = {
        11, 12, 13, 14, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79,
        80, 81, 82, 83, 84
      })
  void merge_randomStackOverOrdinaryLayer_isWhatOverlayfsShows(long seed) throws IOException {
    Random random = new Random(seed);
    List<List<LayerEntry>> stack = new RandomLayers(random).stack(2 + random.nextInt(4), 25);
    compare(stack, 1, Whiteouts.KEEP);
  }

  /// Compares the whole stack unpacked with an image of all layers but the `ordinary` lowest ones.
  private void compare(List<List<LayerEntry>> stack, int ordinary, Whiteouts whiteouts)
      throws IOException {
    try (Mounts mounts = new Mounts(base)) {
      Files.createDirectories(base.resolve("empty"));
      Files.createDirectories(base.resolve("objects"));
      Unpacked unpacked = new Unpacked(base);
      List<String> lowers = new ArrayList<>();
      for (int i = 0; i < stack.size(); i++) {
        lowers.addFirst(unpacked.unpack(i, stack.get(i), lowers));
        putObjects(stack.get(i));
      }
      List<String> ordinaryLowers =
          new ArrayList<>(lowers.subList(stack.size() - ordinary, stack.size()));
      lowers.add("empty");
      ordinaryLowers.add("empty");

      Path merged = merge(stack, ordinary, whiteouts);
      mounts.erofs(merged, "image");
      ordinaryLowers.addFirst("image");
      Listing expected = Listing.of(mounts.overlay("expected", lowers, ""), true);
      Listing actual =
          Listing.of(mounts.overlay("actual", ordinaryLowers, "::objects,metacopy=on"), true);

      actual.forgetMergedLinkCounts(expected);
      expected.forgetMergedLinkCounts(actual);
      assertThat(expected.files()).isNotEmpty();
      assertThat(actual.differences(expected)).isEmpty();
    }
  }

  private Path merge(List<List<LayerEntry>> stack, int ordinary, Whiteouts whiteouts)
      throws IOException {
    List<ErofsImage> images = new ArrayList<>();
    try {
      for (List<LayerEntry> layer : stack) {
        Path file = Images.write(LayerEntry.tree(layer), base, "layer" + images.size());
        images.add(ErofsImage.open(file));
      }
      List<ErofsImage> below = images.subList(0, ordinary);
      Tree merged =
          Merge.merge(
              images.subList(ordinary, images.size()), whiteouts, path -> find(below, path));
      return Images.write(merged, base, "merged");
    } finally {
      images.forEach(ErofsImage::close);
    }
  }

  private static Optional<Attributes> find(List<ErofsImage> layers, EntryPath path)
      throws IOException {
    for (ErofsImage layer : layers.reversed()) {
      OptionalLong nid = layer.find(path);
      if (nid.isPresent()) {
        Stat stat = layer.stat(nid.getAsLong());
        Attributes attributes =
            new Attributes(
                stat.permissions(),
                stat.uid(),
                stat.gid(),
                stat.mtimeSeconds(),
                stat.mtimeNanos(),
                layer.xattrs(nid.getAsLong()));
        return stat.type() == FileType.DIRECTORY ? Optional.of(attributes) : Optional.empty();
      }
    }
    return Optional.empty();
  }

  private void putObjects(List<LayerEntry> layer) throws IOException {
    for (LayerEntry entry : layer) {
      if (entry instanceof LayerEntry.File file && !file.text().isEmpty()) {
        Path object = base.resolve("objects" + Content.of(Digest.of(file.bytes())));
        Files.createDirectories(object.getParent());
        Files.write(object, file.bytes());
      }
    }
  }
}
