package dev.asterism.images;

import dev.asterism.estargz.Attributes;
import dev.asterism.estargz.TocEntry;
import dev.asterism.estargz.tar.TarEntry;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/// Compares what a TOC says of an entry with what the tar says of it. Stateless.
final class RowComparison {
  /// TOCs have whole seconds, rounded.
  private static final Duration TIME = Duration.ofSeconds(1);

  private RowComparison() {}

  /// Tells whether a row is of the same name, kind and content as a header.
  static boolean isSame(TocEntry row, TarEntry header) {
    return ImageTree.clean(header.name()).equals(row.name())
        && switch (row) {
          case TocEntry.RegularFile file ->
              header.type() == TarEntry.Type.FILE && file.size() == header.size();
          case TocEntry.Directory _ -> header.type() == TarEntry.Type.DIRECTORY;
          case TocEntry.Symlink link ->
              header.type() == TarEntry.Type.SYMLINK && link.target().equals(header.linkName());
          case TocEntry.HardLink link ->
              header.type() == TarEntry.Type.HARD_LINK
                  && link.target().equals(ImageTree.clean(header.linkName()));
          case TocEntry.Device device ->
              header.type() == type(device.kind())
                  && device.major() == header.major()
                  && device.minor() == header.minor();
          case TocEntry.Fifo _ -> header.type() == TarEntry.Type.FIFO;
        };
  }

  private static TarEntry.Type type(TocEntry.Device.Kind kind) {
    return switch (kind) {
      case BLOCK -> TarEntry.Type.BLOCK_DEVICE;
      case CHARACTER -> TarEntry.Type.CHARACTER_DEVICE;
    };
  }

  /// Returns the first attribute in which a row differs from a header of the same name. Of a hard
  /// link those of its target count.
  static Optional<String> difference(TocEntry row, TarEntry header) {
    if (row instanceof TocEntry.HardLink) {
      return Optional.empty();
    }
    Attributes ours = row.attributes();
    int mode = header.mode() & Attributes.MODE_MASK;
    if (ours.mode() != mode) {
      return Optional.of("mode %04o, the TOC says %04o".formatted(mode, ours.mode()));
    }
    if (ours.uid() != header.uid() || ours.gid() != header.gid()) {
      return Optional.of(
          "owner %d:%d, the TOC says %d:%d"
              .formatted(header.uid(), header.gid(), ours.uid(), ours.gid()));
    }
    if (Duration.between(header.mtime(), ours.mtime()).abs().compareTo(TIME) >= 0) {
      return Optional.of("time %s, the TOC says %s".formatted(header.mtime(), ours.mtime()));
    }
    return sameXattrs(ours.xattrs(), header.xattrs())
        ? Optional.empty()
        : Optional.of(
            "xattrs %s, the TOC has other names or values".formatted(header.xattrs().keySet()));
  }

  private static boolean sameXattrs(Map<String, byte[]> row, Map<String, byte[]> header) {
    return row.keySet().equals(header.keySet())
        && row.entrySet().stream()
            .allMatch(each -> Arrays.equals(each.getValue(), header.get(each.getKey())));
  }
}
