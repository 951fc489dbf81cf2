package dev.asterism.cli;

import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/// Databases that containerd-stargz-grpc left in a root that is ours now: the layers' metadata
/// (`metadata_store = "db"`), by the name that our snapshots' database has, and the FUSE manager's
/// list of mounts.
///
/// Both are bbolt's. They are renamed and never deleted: what they mean is that program's.
final class StargzLeftovers {
  private static final Logger LOGGER = System.getLogger(StargzLeftovers.class.getName());

  private static final List<String> NAMES = List.of("metadata.db", "fusestore.db");

  // bbolt's first page (its page.go, meta.go): id (8 bytes), flags (2), count (2), overflow (4);
  // then the magic number (4) and the version (4), in the machine's byte order.
  private static final int FLAGS_AT = 8;
  private static final int MAGIC_AT = 16;
  private static final int HEAD = 24; // bytes, the version included
  private static final int META_PAGE = 0x04;
  private static final int MAGIC = 0xED0C_DAED;

  private StargzLeftovers() {}

  /// Gives them names that nothing of ours has, with a line in the log for each.
  ///
  /// @throws IOException if one cannot be read or renamed; the others may have been
  static void setAside(Path root) throws IOException {
    for (String name : NAMES) {
      Path file = root.resolve(name);
      if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && isBolt(file)) {
        Path aside = freeName(file);
        Files.move(file, aside);
        LOGGER.log(
            Level.WARNING,
            "set aside {0}, a database of containerd-stargz-grpc, as {1}: nothing here reads it",
            file,
            aside.getFileName());
      }
    }
  }

  private static boolean isBolt(Path file) throws IOException {
    byte[] head;
    try (InputStream in = Files.newInputStream(file)) {
      head = in.readNBytes(HEAD);
    }
    if (head.length < HEAD) {
      return false;
    }
    ByteBuffer page = ByteBuffer.wrap(head).order(ByteOrder.nativeOrder());
    return (page.getShort(FLAGS_AT) & META_PAGE) != 0 && page.getInt(MAGIC_AT) == MAGIC;
  }

  private static Path freeName(Path file) {
    String stem = file.getFileName() + ".stargz";
    Path aside = file.resolveSibling(stem);
    for (int i = 1; Files.exists(aside, LinkOption.NOFOLLOW_LINKS); i++) {
      aside = file.resolveSibling(stem + "." + i);
    }
    return aside;
  }
}
