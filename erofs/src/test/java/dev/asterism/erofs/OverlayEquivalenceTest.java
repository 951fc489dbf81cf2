package dev.asterism.erofs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.erofs.LayerEntry.Device;
import dev.asterism.erofs.LayerEntry.Dir;
import dev.asterism.erofs.LayerEntry.File;
import dev.asterism.erofs.LayerEntry.Link;
import dev.asterism.erofs.LayerEntry.Opaque;
import dev.asterism.erofs.LayerEntry.Symlink;
import dev.asterism.erofs.LayerEntry.Whiteout;
import dev.asterism.erofs.Merge.Whiteouts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A merged image shows what overlayfs shows for the same layers unpacked: the central claim of
/// this module.
@Tag("kernel")
final class OverlayEquivalenceTest {
  private static final Attributes DIR = Attributes.of(0755, 1, 2, 100);
  private static final Attributes PRIVATE = Attributes.of(01700, 3, 4, 200);
  private static final Attributes FILE = Attributes.of(0644, 5, 6, 300);

  @TempDir Path base;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void merge_randomStack_isWhatOverlayfsShows(long seed) throws IOException {
    Random random = new Random(seed);
    compare(new RandomLayers(random).stack(1 + random.nextInt(5), 25));
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13, 14})
  void merge_randomStackOverOrdinaryLayer_isWhatOverlayfsShows(long seed) throws IOException {
    Random random = new Random(seed);
    List<List<LayerEntry>> stack = new RandomLayers(random).stack(2 + random.nextInt(4), 25);
    new OverlayComparison(base).check(stack, 1, Whiteouts.KEEP);
  }

  @Test
  void merge_sixtyLayers_isWhatOverlayfsShows() throws IOException {
    List<List<LayerEntry>> stack = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      List<LayerEntry> layer = new ArrayList<>();
      layer.add(new Dir("shared", Attributes.of(0755, i, i, i)));
      layer.add(new File("shared/own" + i, FILE, "own " + i));
      layer.add(new File("shared/same", Attributes.of(0600, i, 0, i), "same " + i));
      layer.add(new Whiteout("shared/own" + (i - 2)));
      if (i % 20 == 19) {
        layer.add(new Opaque("deep/" + i % 3));
      }
      layer.add(new File("deep/" + i % 3 + "/" + i % 7 + "/f" + i, FILE, ""));
      stack.add(layer);
    }

    Map<String, Map<String, String>> files = compare(stack).files();

    assertThat(files).containsKeys("shared/own59", "shared/own58", "deep/2/3/f59");
    assertThat(files).doesNotContainKeys("shared/own57", "shared/own0", "deep/2/1/f8");
    assertThat(files.get("shared")).containsEntry("owner", "59:59");
  }

  @Test
  void merge_typeChanges_areWhatOverlayfsShows() throws IOException {
    List<LayerEntry> replacements =
        List.of(
            new Dir("x", PRIVATE),
            new File("x", FILE, "text"),
            new Symlink("x", FILE, "elsewhere"),
            new Device("x", FILE, FileType.FIFO, 0, 0),
            new Device("x", FILE, FileType.BLOCK_DEVICE, 7, 0));
    List<List<LayerEntry>> stack = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      List<LayerEntry> layer = new ArrayList<>();
      for (int under = 0; under < replacements.size(); under++) {
        for (int over = 0; over < replacements.size(); over++) {
          String place = "place" + under + over;
          layer.add(new Dir(place, DIR));
          layer.add(moved(replacements.get(i == 1 ? over : under), place));
          if (i != 1 && under == 0) {
            layer.add(new File(place + "/x/inside" + i, FILE, "inside"));
          }
        }
      }
      stack.add(layer);
    }

    compare(stack);
  }

  @Test
  void merge_hardLinksPartlyHidden_keepTheirLinkCount() throws IOException {
    Map<String, Map<String, String>> files =
        compare(
                List.of(
                    List.of(
                        new File("a", FILE, "shared"),
                        new Link("b", FILE, "a"),
                        new Link("d/c", FILE, "a"),
                        new Link("d/e", FILE, "a")),
                    List.of(new Whiteout("a"), new File("d/c", FILE, "shared"))))
            .files();

    assertThat(files.get("b")).containsEntry("links", "4");
    assertThat(files.get("d/e")).containsEntry("links", "4");
    assertThat(files.get("d/c")).containsEntry("links", "1");
  }

  @Test
  void merge_opaqueRoot_hidesNothing() throws IOException {
    Map<String, Map<String, String>> files =
        compare(
                List.of(
                    List.of(new File("below", FILE, "1"), new File("d/below", FILE, "1")),
                    List.of(new Opaque("."), new File("above", FILE, "2"))))
            .files();

    assertThat(files).containsOnlyKeys("above", "below", "d", "d/below");
  }

  @Test
  void merge_opaqueDirectoryThatNoEntryNames_takesAttributesFromBelow() throws IOException {
    Map<String, Map<String, String>> files =
        compare(
                List.of(
                    List.of(
                        new Dir("d", PRIVATE), new Dir("d/sub", DIR), new File("d/f", FILE, "")),
                    List.of(new Opaque("d"), new File("d/sub/g", FILE, ""))))
            .files();

    assertThat(files).containsOnlyKeys("d", "d/sub", "d/sub/g");
    assertThat(files.get("d")).containsEntry("mode", "1700").containsEntry("owner", "3:4");
    assertThat(files.get("d/sub")).containsEntry("owner", "1:2");
  }

  @Test
  void merge_whiteoutOfNothing_changesNothing() throws IOException {
    Map<String, Map<String, String>> files =
        compare(
                List.of(
                    List.of(new File("a", FILE, "1"), new Whiteout("never")),
                    List.of(new Whiteout("d/never"), new Whiteout("a"), new Whiteout("e/f/g"))))
            .files();

    assertThat(files).containsOnlyKeys("d", "e", "e/f");
  }

  @Test
  void merge_overOrdinaryLayer_hidesWhatWasReplaced() throws IOException {
    Map<String, Map<String, String>> files =
        new OverlayComparison(base)
            .check(
                List.of(
                    List.of(
                        new File("d/gone", FILE, "1"),
                        new File("d/stays", FILE, "1"),
                        new File("opaque/gone", FILE, "1"),
                        new File("back/gone", FILE, "1")),
                    List.of(
                        new Whiteout("d/gone"),
                        new Opaque("opaque"),
                        new File("opaque/new", FILE, "2"),
                        new Whiteout("back")),
                    List.of(new Dir("back", DIR), new File("back/new", FILE, "3"))),
                1,
                Whiteouts.KEEP)
            .files();

    assertThat(files).containsOnlyKeys("d", "d/stays", "opaque", "opaque/new", "back", "back/new");
  }

  private Listing compare(List<List<LayerEntry>> stack) throws IOException {
    return new OverlayComparison(base).check(stack);
  }

  private static LayerEntry moved(LayerEntry entry, String place) {
    return switch (entry) {
      case Dir(String path, Attributes attributes) -> new Dir(place + "/" + path, attributes);
      case File(String path, Attributes attributes, String text) ->
          new File(place + "/" + path, attributes, text);
      case Symlink(String path, Attributes attributes, String target) ->
          new Symlink(place + "/" + path, attributes, target);
      case Device(String path, Attributes attributes, FileType type, int major, int minor) ->
          new Device(place + "/" + path, attributes, type, major, minor);
      case Link(String path, Attributes attributes, String target) ->
          new Link(place + "/" + path, attributes, target);
      case Whiteout(String path) -> new Whiteout(place + "/" + path);
      case Opaque(String path) -> new Opaque(place + "/" + path);
    };
  }
}
