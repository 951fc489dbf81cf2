package dev.asterism.cli.handover;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `<root>/keeper`, `<root>/keeper-logins`: which process holds descriptors. One line, readable by
/// root only, written whole or not at all. A stale one names no process that runs, and is as good
/// as none.
final class KeeperFile {
  private static final Pattern TEXT =
      Pattern.compile(
          "pid=(\\d{1,9}) start=(\\d{1,18}) descriptors=(\\d) boot=([0-9a-f-]{36})\\s*");

  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id"); // random(4)

  private final Path path;

  /// @param name `keeper` for the one that holds the gate
  KeeperFile(Path root, String name) {
    this.path = root.resolve(name);
  }

  /// A process, named so that no later one is taken for it. Immutable.
  ///
  /// @param start when it was started, in clock ticks since the machine was
  /// @param descriptors how many it holds, numbered from 3
  /// @param boot of the machine
  record Entry(int pid, long start, int descriptors, String boot) {
    static Entry of(int pid, long start, int descriptors) throws IOException {
      return new Entry(pid, start, descriptors, currentBoot());
    }

    boolean isOfThisBoot() throws IOException {
      return boot.equals(currentBoot());
    }
  }

  private static String currentBoot() throws IOException {
    return Files.readString(BOOT_ID).strip();
  }

  /// Returns what it says; empty if it is not there or says something else.
  Optional<Entry> read() throws IOException {
    String text;
    try {
      text = Files.readString(path, StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
    Matcher line = TEXT.matcher(text);
    return line.matches()
        ? Optional.of(
            new Entry(
                Integer.parseInt(line.group(1)),
                Long.parseLong(line.group(2)),
                Integer.parseInt(line.group(3)),
                line.group(4)))
        : Optional.empty();
  }

  void write(Entry entry) throws IOException {
    Path unfinished = path.resolveSibling(path.getFileName() + ".new");
    Files.deleteIfExists(unfinished);
    Files.createFile(
        unfinished,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(
        unfinished,
        "pid=%d start=%d descriptors=%d boot=%s%n"
            .formatted(entry.pid(), entry.start(), entry.descriptors(), entry.boot()),
        StandardCharsets.US_ASCII);
    Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE);
  }

  void delete() throws IOException {
    Files.deleteIfExists(path);
  }
}
