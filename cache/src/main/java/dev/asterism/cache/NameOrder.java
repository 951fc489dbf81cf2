package dev.asterism.cache;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// Whether a file system brings changes of names to the disk in their order. Stateless.
public final class NameOrder {
  private static final Path DEVICES = Path.of("/sys/dev/block"); // "MAJOR:MINOR", links
  private static final Path EXT4 = Path.of("/proc/fs/ext4"); // a directory for each that is mounted

  private NameOrder() {}

  /// Tells whether it does: where all changes go through one journal, or one tree. False also where
  /// nobody knows.
  ///
  /// @param directory on it
  public static boolean isKept(Path directory) {
    try {
      return switch (Files.getFileStore(directory).type()) {
        case "xfs", "btrfs", "zfs", "bcachefs" -> true;
        case "ext3", "ext4" -> hasJournal(directory);
        case "tmpfs" -> true; // nothing of it outlives the machine
        default -> false;
      };
    } catch (IOException _) {
      return false;
    }
  }

  /// ext4 says what it does with data where it has a journal, and only there (Linux,
  /// `_ext4_show_options` and `ext4_load_and_init_journal` in fs/ext4/super.c).
  private static boolean hasJournal(Path directory) throws IOException {
    long device = ((Number) Files.getAttribute(directory, "unix:dev")).longValue();
    long major = ((device >> 8) & 0xfff) | ((device >> 32) & ~0xfffL); // as gnu_dev_major(3) has it
    long minor = (device & 0xff) | ((device >> 12) & ~0xffL);
    Path name = DEVICES.resolve(major + ":" + minor).toRealPath().getFileName();
    Path options = EXT4.resolve(String.valueOf(name)).resolve("options");
    return Files.readString(options, StandardCharsets.ISO_8859_1)
        .lines()
        .anyMatch(line -> line.startsWith("data="));
  }
}
