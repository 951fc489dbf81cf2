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

/// Compares a stack of layers, unpacked and mounted by overlayfs, with a merged image of it.
final class OverlayComparison {
  private final Path base;

  /// @param base a directory of the test's own
  OverlayComparison(Path base) {
    this.base = base;
  }

  /// Checks that an image of the whole stack shows the same files, bytes included.
  ///
  /// @return the files, as overlayfs shows them
  Listing check(List<List<LayerEntry>> stack) throws IOException {
    return check(stack, 0, Whiteouts.DROP);
  }

  /// As the other, with an image of all layers but the `ordinary` lowest ones, over those.
  Listing check(List<List<LayerEntry>> stack, int ordinary, Whiteouts whiteouts)
      throws IOException {
    try (Mounts mounts = new Mounts(base)) {
      Files.createDirectories(base.resolve("empty"));
      Files.createDirectories(base.resolve("objects"));
      List<String> lowers = unpack(stack);
      mounts.erofs(merge(stack, ordinary, whiteouts), "image");
      List<String> lowersOfImage = new ArrayList<>(List.of("image"));
      lowersOfImage.addAll(lowers.subList(stack.size() - ordinary, stack.size()));
      lowers.add("empty");
      lowersOfImage.add("empty");

      Listing expected = Listing.of(mounts.overlay("expected", lowers, ""), true);
      Path merged = mounts.overlay("actual", lowersOfImage, "::objects,metacopy=on");
      Listing actual = Listing.of(merged, true);

      actual.forgetMergedLinkCounts(expected);
      expected.forgetMergedLinkCounts(actual);
      assertThat(actual.differences(expected)).isEmpty();
      assertThat(expected.files()).isNotEmpty();
      return expected;
    }
  }

  /// Returns the layers' directories, topmost first.
  private List<String> unpack(List<List<LayerEntry>> stack) throws IOException {
    Unpacked unpacked = new Unpacked(base);
    List<String> lowers = new ArrayList<>();
    for (int i = 0; i < stack.size(); i++) {
      lowers.addFirst(unpacked.unpack(i, stack.get(i), lowers));
      putObjects(stack.get(i));
    }
    return lowers;
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
      List<ErofsImage> merged = images.subList(ordinary, images.size());
      Tree tree = Merge.merge(merged, whiteouts, path -> find(below, path));
      return Images.write(tree, base, "merged");
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
        return stat.type() == FileType.DIRECTORY
            ? Optional.of(attributes(layer, nid.getAsLong(), stat))
            : Optional.empty();
      }
    }
    return Optional.empty();
  }

  private static Attributes attributes(ErofsImage layer, long nid, Stat stat) throws IOException {
    return new Attributes(
        stat.permissions(),
        stat.uid(),
        stat.gid(),
        stat.mtimeSeconds(),
        stat.mtimeNanos(),
        layer.xattrs(nid));
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
