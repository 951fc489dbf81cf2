package dev.asterism.cache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// The file that is there while a cache is open, and after one that was not closed.
///
/// It holds the boot id of the machine. A process that is killed loses nothing that the kernel has
/// taken, so a marker with the present boot id tells of no harm; one with another boot id tells
/// that the machine went down with the cache open, and what was not synced is doubtful. A cache
/// whose sync failed leaves a marker on purpose.
final class RunMarker {
  /// How the last use of the cache ended.
  enum LastStop {
    /// Closed, and everything on the disk before.
    CLEAN,
    /// The process ended, the machine did not: the kernel has everything.
    KILLED,
    /// What was not synced may be lost, short, or zeros.
    DOUBTFUL
  }

  private static final String SYNC_FAILED = "sync failed";
  private static final int MAX_SIZE = 256;

  private final Path path;
  private final String bootId;

  RunMarker(Path path, String bootId) {
    this.path = path;
    this.bootId = bootId;
  }

  LastStop lastStop() throws IOException {
    try (var in = Files.newInputStream(path)) {
      String found = new String(in.readNBytes(MAX_SIZE), StandardCharsets.UTF_8).strip();
      return found.equals(bootId) ? LastStop.KILLED : LastStop.DOUBTFUL;
    } catch (NoSuchFileException _) {
      return LastStop.CLEAN;
    }
  }

  /// Makes the marker and waits until it is on the disk, name and content.
  void set() throws IOException {
    write(bootId);
  }

  /// Lets the next open take what is in `fresh` for doubtful.
  void setSyncFailed() throws IOException {
    write(SYNC_FAILED);
  }

  /// Removes it: everything is on the disk. If that removal is lost, the next open is only more
  /// careful than it must be.
  void clear() throws IOException {
    Files.deleteIfExists(path);
  }

  private void write(String text) throws IOException {
    try (FileChannel file =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer bytes = ByteBuffer.wrap((text + "\n").getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
      file.force(true);
    }
    try (FileChannel directory = FileChannel.open(path.resolveSibling("."))) {
      directory.force(true);
    }
  }
}
