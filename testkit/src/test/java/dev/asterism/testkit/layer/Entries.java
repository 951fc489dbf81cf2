package dev.asterism.testkit.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.estargz.Attributes;
import dev.asterism.estargz.TocEntry;
import dev.asterism.estargz.TocEntry.RegularFile;
import dev.asterism.estargz.tar.TarEntry;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/// Compares what a layer was made of with what a reader makes of it.
final class Entries {
  private Entries() {}

  /// Asserts that a layer holds these entries, each name once, in any order, and no others.
  static void assertHold(LayerFiles read, Layer layer) {
    Map<String, TocEntry> byName = new LinkedHashMap<>();
    for (TocEntry entry : read.entries()) {
      if (!entry.isBookkeeping()) {
        byName.put(entry.name(), entry);
      }
    }
    for (Entry expected : layer.entries()) {
      String name = cleaned(expected.name());
      assertSame(Objects.requireNonNull(byName.get(name), name), expected, read);
    }
    assertThat(byName).hasSameSizeAs(layer.entries());
  }

  /// Asserts that one entry is what was written, in every attribute.
  static void assertSame(TocEntry entry, Entry expected, LayerFiles read) {
    TarEntry header = expected.header();
    assertThat(entry.name()).isEqualTo(cleaned(header.name()));
    assertThat(entry.attributes())
        .isEqualTo(
            new Attributes(
                header.mode(), header.uid(), header.gid(), header.mtime(), header.xattrs()));
    switch (entry) {
      case TocEntry.Directory _ -> assertThat(header.type()).isEqualTo(TarEntry.Type.DIRECTORY);
      case RegularFile file -> {
        assertThat(header.type()).isEqualTo(TarEntry.Type.FILE);
        assertThat(read.content(file)).isEqualTo(expected.content());
        assertThat(file.digest()).contains(Digest.of(expected.content()));
        assertThat(file.chunks()).allMatch(chunk -> chunk.digest().isPresent());
      }
      case TocEntry.Symlink link -> {
        assertThat(header.type()).isEqualTo(TarEntry.Type.SYMLINK);
        assertThat(link.target()).isEqualTo(header.linkName());
      }
      case TocEntry.HardLink link -> {
        assertThat(header.type()).isEqualTo(TarEntry.Type.HARD_LINK);
        assertThat(link.target()).isEqualTo(cleaned(header.linkName()));
      }
      case TocEntry.Device device -> {
        assertThat(header.type())
            .isEqualTo(
                device.kind() == TocEntry.Device.Kind.BLOCK
                    ? TarEntry.Type.BLOCK_DEVICE
                    : TarEntry.Type.CHARACTER_DEVICE);
        assertThat(device.major()).isEqualTo((int) header.major());
        assertThat(device.minor()).isEqualTo((int) header.minor());
      }
      case TocEntry.Fifo _ -> assertThat(header.type()).isEqualTo(TarEntry.Type.FIFO);
    }
  }

  /// Names in tests hold no `.` or `..` but at their start.
  private static String cleaned(String name) {
    return name.equals(".") ? "" : name.replaceFirst("^\\.?/", "").replaceFirst("/$", "");
  }
}
