package dev.asterism.layers;

import dev.asterism.fuse.OtherFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The marker that says how a root directory is laid out: the file `format`.
///
/// The number changes when a version could not read what another wrote below the root, but for what
/// has a number of its own: the snapshots' database, the running mount.
final class RootFormat {
  private static final int CURRENT = 1;
  private static final String NAME = "format";
  private static final Pattern TEXT = Pattern.compile("asterism root (\\d{1,9})\\s*");

  private RootFormat() {}

  /// Checks the marker, or writes it where there is none: a new root, or one of before there were
  /// markers, which is of format 1.
  ///
  /// @throws OtherFormatException if the root is of a later format; nothing is changed
  /// @throws IOException if the marker cannot be read or written
  static void check(Path root) throws IOException {
    Path marker = root.resolve(NAME);
    if (!Files.exists(marker)) {
      Path unfinished = root.resolve(NAME + ".new");
      Files.writeString(
          unfinished, "asterism root %d\n".formatted(CURRENT), StandardCharsets.US_ASCII);
      Files.move(
          unfinished, marker, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return;
    }
    Matcher text = TEXT.matcher(Files.readString(marker, StandardCharsets.ISO_8859_1));
    if (!text.matches()) {
      throw new IOException(
          "%s does not say which format %s has; if it is asterism's, write 'asterism root %d' into it"
              .formatted(marker, root, CURRENT));
    }
    int format = Integer.parseInt(text.group(1));
    if (format != CURRENT) {
      throw new OtherFormatException("the root " + root, format, CURRENT);
    }
  }
}
