package dev.asterism.cache;

import dev.asterism.linux.Errno;
import dev.asterism.linux.ErrnoException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// The file that is there while a cache is open, and after one that was not closed.
///
/// It holds [CacheDisk#pageCacheId]. A process that is killed loses nothing that the kernel has
/// taken, so a marker with the present id tells of no harm; one with another tells that the machine
/// went down, or the file system was mounted anew, with the cache open: what was not synced is
/// doubtful. A cache whose sync failed leaves a marker on purpose.
final class RunMarker {
  /// How the last use of the cache ended.
  enum LastStop {
    /// Closed, and everything on the disk before.
    CLEAN,
    /// The process ended, nothing else did: the kernel has everything.
    KILLED,
    /// What was not synced may be lost, short, or zeros.
    DOUBTFUL
  }

  private static final String SYNC_FAILED = "sync failed";
  private static final int MAX_SIZE = 256;

  private final Path path;
  private final CacheDisk disk;
  private final String pageCacheId;

  RunMarker(Path path, CacheDisk disk) throws IOException {
    this.path = path;
    this.disk = disk;
    pageCacheId = disk.pageCacheId();
  }

  LastStop lastStop() throws IOException {
    try (var in = Files.newInputStream(path)) {
      String found = new String(in.readNBytes(MAX_SIZE), StandardCharsets.UTF_8).strip();
      return found.equals(pageCacheId) ? LastStop.KILLED : LastStop.DOUBTFUL;
    } catch (NoSuchFileException _) {
      return LastStop.CLEAN;
    }
  }

  /// Makes the marker and waits until it is on the disk, name and content.
  void set() throws IOException {
    write(pageCacheId);
  }

  /// Lets the next open take what is in `fresh` for doubtful.
  void setSyncFailed() throws IOException {
    write(SYNC_FAILED);
  }

  /// Removes it: everything is on the disk. If that removal is lost, the next open is only more
  /// careful than it must be.
  void clear() throws IOException {
    int errno = disk.unlink(path.toString());
    if (errno != 0 && errno != Errno.ENOENT.number()) {
      throw new ErrnoException("unlink(%s)".formatted(path), errno);
    }
  }

  private void write(String text) throws IOException {
    disk.writeDurably(path.toString(), (text + "\n").getBytes(StandardCharsets.UTF_8));
  }
}
