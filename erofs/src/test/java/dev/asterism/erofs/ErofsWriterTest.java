package dev.asterism.erofs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ErofsWriterTest {
  @TempDir Path directory;

  @Test
  @Tag("kernel")
  void write_cornerCases_areWhatTheKernelShows() throws IOException {
    Path image = Images.write(CornerCases.tree(), directory, "image");
    try (Mounts mounts = new Mounts(directory);
        ErofsImage ours = ErofsImage.open(image)) {
      Listing kernel = Listing.of(mounts.erofs(image, "mnt"), false);
      Map<String, Map<String, String>> expected = ImageListing.of(ours);

      kernel.forgetOverlayXattrs();
      TreeSet<String> different = new TreeSet<>(kernel.files().keySet());
      different.addAll(expected.keySet());
      different.removeIf(path -> Objects.equals(kernel.files().get(path), expected.get(path)));
      assertThat(different).isEmpty();
      assertThat(expected).hasSizeGreaterThan(22_000);
      assertThat(expected.get("sizes/4096")).containsEntry("links", "1001");
      assertThat(expected.get("subdirectories")).containsEntry("links", "302");
      assertThat(expected.get("xattrs/aclfile"))
          .containsEntry(
              "xattrs",
              "system.posix_acl_access=0x"
                  + "0200000001000600ffffffff020007000b00000004000400ffffffff"
                  + "10000400ffffffff20000000ffffffff");
    }
  }

  @Test
  void write_sameTree_givesSameBytes() throws IOException {
    List<LayerEntry> entries = new RandomLayers(new Random(5)).stack(1, 60).getFirst();
    Path first = Images.write(LayerEntry.tree(entries), directory, "first");
    Path second = Images.write(LayerEntry.tree(entries), directory, "second");

    assertThat(second).hasSameBinaryContentAs(first);
  }

  @Test
  void write_sameFilesInAnotherOrder_givesSameBytes() throws IOException {
    List<LayerEntry> entries =
        new ArrayList<>(
            List.of(
                new LayerEntry.Dir("a", Attributes.of(0755, 0, 0, 1)),
                new LayerEntry.Dir("b", Attributes.of(0755, 0, 0, 1)),
                new LayerEntry.File("a/x", Attributes.of(0644, 0, 0, 1), "x"),
                new LayerEntry.File("b/y", Attributes.of(0644, 0, 0, 1), "y")));
    Path first = Images.write(LayerEntry.tree(entries), directory, "first");
    Collections.swap(entries, 0, 1);
    Collections.swap(entries, 2, 3);
    Path second = Images.write(LayerEntry.tree(entries), directory, "second");

    assertThat(second).hasSameBinaryContentAs(first);
  }

  @Test
  void write_differentTrees_haveDifferentUuids() throws IOException {
    Path first = Images.write(new TreeBuilder().build(), directory, "first");
    TreeBuilder builder = new TreeBuilder();
    builder.emptyFile(EntryPath.of("a"), Attributes.of(0, 0, 0, 0));
    Path second = Images.write(builder.build(), directory, "second");

    assertThat(uuid(first)).isNotEqualTo(uuid(second));
  }

  @Test
  void write_hugeFiles_costsNoSpace() throws IOException {
    TreeBuilder builder = new TreeBuilder();
    Content content = Content.of(Digest.of(new byte[] {1}));
    for (int i = 0; i < 10; i++) {
      builder.regularFile(
          EntryPath.of("huge" + i), Attributes.of(0644, 0, 0, 0), 100L << 30, content);
    }
    assertThat(Images.write(builder.build(), directory, "image").toFile()).hasSize(2 * 4096);
  }

  @Test
  void write_fileExists_isRefused() throws IOException {
    Path file = Files.createFile(directory.resolve("image"));
    Tree tree = new TreeBuilder().build();

    assertThatThrownBy(() -> ErofsWriter.write(tree, file))
        .isInstanceOf(FileAlreadyExistsException.class);
  }

  private static List<Byte> uuid(Path image) throws IOException {
    byte[] bytes = Files.readAllBytes(image);
    List<Byte> uuid = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      uuid.add(bytes[ErofsFormat.SUPERBLOCK_OFFSET + ErofsFormat.SB_UUID + i]);
    }
    return uuid;
  }
}
