package dev.asterism.erofs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.erofs.LayerEntry.Dir;
import dev.asterism.erofs.LayerEntry.File;
import dev.asterism.erofs.LayerEntry.Link;
import dev.asterism.erofs.LayerEntry.Opaque;
import dev.asterism.erofs.LayerEntry.Whiteout;
import dev.asterism.erofs.Merge.Whiteouts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What can be said of a merge without mounting it; [OverlayEquivalenceTest] says the rest.
final class MergeTest {
  private static final Attributes DIR = Attributes.of(0750, 1, 2, 100);
  private static final Attributes FILE = Attributes.of(0644, 5, 6, 300);

  @TempDir Path directory;

  private int written;

  private final List<LayerEntry> lower =
      List.of(
          new Dir("d", DIR),
          new File("d/a", FILE, "lower"),
          new File("d/b", FILE, "lower"),
          new File("opaque/a", FILE, "lower"),
          new File("type", FILE, "lower"));
  private final List<LayerEntry> upper =
      List.of(
          new Whiteout("d/a"),
          new Opaque("opaque"),
          new File("opaque/new", FILE, "upper"),
          new Whiteout("unknown"),
          new File("type/now/a/directory", FILE, "upper"));

  @Test
  void merge_nothingBelow_appliesAndDropsWhiteouts() throws IOException {
    Tree tree = merge(List.of(lower, upper), Whiteouts.DROP, OrdinaryLayers.NONE);

    try (ErofsImage image = open(tree)) {
      assertThat(ImageListing.of(image))
          .containsOnlyKeys(
              "d",
              "d/b",
              "opaque",
              "opaque/new",
              "type",
              "type/now",
              "type/now/a",
              "type/now/a/directory");
      assertThat(image.isOpaque(image.find(EntryPath.of("opaque")).orElseThrow())).isFalse();
    }
  }

  @Test
  void merge_layersBelow_keepsWhiteoutsAndClosesDirectories() throws IOException {
    Tree tree = merge(List.of(lower, upper), Whiteouts.KEEP, OrdinaryLayers.NONE);

    try (ErofsImage image = open(tree)) {
      assertThat(ImageListing.of(image))
          .containsOnlyKeys(
              "d",
              "d/a",
              "d/b",
              "opaque",
              "opaque/new",
              "type",
              "type/now",
              "type/now/a",
              "type/now/a/directory",
              "unknown");
      assertThat(image.stat(image.find(EntryPath.of("d/a")).orElseThrow()).isWhiteout()).isTrue();
      assertThat(image.isOpaque(image.find(EntryPath.of("opaque")).orElseThrow())).isTrue();
      assertThat(image.isOpaque(image.find(EntryPath.of("type")).orElseThrow())).isTrue();
      assertThat(image.isOpaque(image.find(EntryPath.of("d")).orElseThrow())).isFalse();
      assertThat(image.isOpaque(image.find(EntryPath.of("type/now")).orElseThrow())).isFalse();
    }
  }

  @Test
  void merge_directoryThatNoLayerNames_takesAttributesFromOrdinaryLayers() throws IOException {
    List<LayerEntry> layer = List.of(new File("tmp/a/b", FILE, ""), new File("new/c", FILE, ""));
    Attributes sticky = Attributes.of(01777, 7, 8, 9);

    Tree tree =
        merge(
            List.of(layer),
            Whiteouts.KEEP,
            path -> path.equals(EntryPath.of("tmp")) ? Optional.of(sticky) : Optional.empty());

    try (ErofsImage image = open(tree)) {
      Map<String, Map<String, String>> files = ImageListing.of(image);
      assertThat(files.get("tmp")).containsEntry("mode", "1777").containsEntry("owner", "7:8");
      assertThat(files.get("tmp/a")).containsEntry("mode", "755").containsEntry("owner", "0:0");
      assertThat(files.get("new")).containsEntry("mode", "755");
    }
  }

  @Test
  void merge_ofAMerge_isTheMergeOfAll() throws IOException {
    List<LayerEntry> middle =
        List.of(new Link("d/link", FILE, "d/file"), new File("d/file", FILE, "middle"));
    List<List<LayerEntry>> all = List.of(lower, middle, upper);
    Path whole = Images.write(merge(all, Whiteouts.KEEP, OrdinaryLayers.NONE), directory, "whole");
    Path parent =
        Images.write(
            merge(List.of(lower, middle), Whiteouts.KEEP, OrdinaryLayers.NONE),
            directory,
            "parent");
    Path top = Images.write(LayerEntry.tree(upper), directory, "top");

    try (ErofsImage parentImage = ErofsImage.open(parent);
        ErofsImage topImage = ErofsImage.open(top)) {
      Tree stepwise =
          Merge.merge(List.of(parentImage, topImage), Whiteouts.KEEP, OrdinaryLayers.NONE);
      Path steps = Images.write(stepwise, directory, "steps");
      assertThat(steps).hasSameBinaryContentAs(whole);
    }
  }

  @Test
  void merge_usage_isThatOfWhatIsShown() throws IOException {
    Tree tree = merge(List.of(lower, upper), Whiteouts.DROP, OrdinaryLayers.NONE);

    assertThat(tree.inodeCount()).isEqualTo(9);
    assertThat(tree.contentSize()).isEqualTo(15);
    try (ErofsImage image = open(tree)) {
      assertThat(image.inodeCount()).isEqualTo(9);
      assertThat(image.contentSize()).isEqualTo(15);
    }
  }

  @Test
  void merge_noLayer_isRefused() {
    assertThatThrownBy(() -> Merge.merge(List.of())).isInstanceOf(IllegalArgumentException.class);
  }

  private Tree merge(List<List<LayerEntry>> stack, Whiteouts whiteouts, OrdinaryLayers ordinary)
      throws IOException {
    List<ErofsImage> images = new ArrayList<>();
    try {
      for (List<LayerEntry> layer : stack) {
        String name = "layer" + written++;
        images.add(ErofsImage.open(Images.write(LayerEntry.tree(layer), directory, name)));
      }
      return Merge.merge(images, whiteouts, ordinary);
    } finally {
      images.forEach(ErofsImage::close);
    }
  }

  private ErofsImage open(Tree tree) throws IOException {
    return ErofsImage.open(Images.write(tree, directory, "merged"));
  }
}
