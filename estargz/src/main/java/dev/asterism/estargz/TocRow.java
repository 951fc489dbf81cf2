package dev.asterism.estargz;

import dev.asterism.estargz.tar.TarEntry;
import java.util.LinkedHashMap;
import java.util.Map;

/// The fields of one row of the TOC as they stand there, absent ones as zero or empty.
///
/// Filled and emptied again for every row by [TocParser]; the model is made from it by [TocRows].
/// Confined to one thread.
final class TocRow {
  String name = "";
  String type = "";
  String linkName = "";
  String modtime = "";
  String digest = "";
  String chunkDigest = "";
  long size;
  long mode;
  long uid;
  long gid;
  long offset;
  long innerOffset;
  long devMajor;
  long devMinor;
  long chunkOffset;
  long chunkSize;
  Map<String, byte[]> xattrs = Map.of();

  /// Returns the row of a header; of its content it says nothing.
  static TocRow of(TarEntry entry) {
    TocRow row = new TocRow();
    row.name = entry.name();
    row.type = type(entry.type());
    row.modtime = TocTime.format(entry.mtime());
    row.linkName = entry.linkName();
    row.mode = entry.mode();
    row.uid = entry.uid();
    row.gid = entry.gid();
    row.devMajor = entry.major();
    row.devMinor = entry.minor();
    entry.xattrs().forEach(row::xattr);
    return row;
  }

  private static String type(TarEntry.Type type) {
    return switch (type) {
      case FILE -> "reg";
      case HARD_LINK -> "hardlink";
      case SYMLINK -> "symlink";
      case CHARACTER_DEVICE -> "char";
      case BLOCK_DEVICE -> "block";
      case DIRECTORY -> "dir";
      case FIFO -> "fifo";
    };
  }

  /// Adds an extended attribute.
  void xattr(String key, byte[] value) {
    if (xattrs.isEmpty()) {
      xattrs = new LinkedHashMap<>();
    }
    xattrs.put(key, value);
  }

  /// Forgets everything.
  void clear() {
    name = "";
    type = "";
    linkName = "";
    modtime = "";
    digest = "";
    chunkDigest = "";
    size = 0;
    mode = 0;
    uid = 0;
    gid = 0;
    offset = 0;
    innerOffset = 0;
    devMajor = 0;
    devMinor = 0;
    chunkOffset = 0;
    chunkSize = 0;
    xattrs = Map.of();
  }
}
