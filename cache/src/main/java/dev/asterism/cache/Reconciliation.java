package dev.asterism.cache;

import dev.asterism.cache.index.LinksIndex;
import dev.asterism.cache.index.Place;
import dev.asterism.content.Digest;
import dev.asterism.linux.FileStatus;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// Brings the index and the disk together, once after each start: what stands on the disk and is
/// not known gets known, what is known and does not stand is forgotten.
///
/// Runs behind a store in use, at a bounded rate: a directory listing finds what is new, and each
/// file that only the links file tells of is looked at once. Confined to one thread.
final class Reconciliation {
  private static final System.Logger LOG = System.getLogger(Reconciliation.class.getName());

  /// Files that are looked at between two pauses, and how long such a turn takes at least: at most
  /// 50,000 files a second, of the million that a disk in memory can do.
  private static final int TURN = 500;

  private static final Duration TURN_TAKES = Duration.ofMillis(10);

  private final CacheLayout layout;
  private final CacheDisk disk;
  private final LinksIndex index;
  private final DigestFiles files;
  private final BooleanSupplier stopped;
  private long looks;
  private long turnStarted = System.nanoTime();
  private long found;
  private long lost;

  Reconciliation(
      CacheLayout layout,
      CacheDisk disk,
      LinksIndex index,
      DigestFiles files,
      BooleanSupplier stopped) {
    this.layout = layout;
    this.disk = disk;
    this.index = index;
    this.files = files;
    this.stopped = stopped;
  }

  /// Looks at everything, unless it is stopped before.
  void run() throws IOException {
    for (int firstByte = 0; firstByte < CacheLayout.FAN_OUT.size(); firstByte++) {
      list(Place.OBJECT, layout.objects(), firstByte);
      list(Place.CHUNK, layout.chunks(), firstByte);
      for (LinksIndex.Entry entry : index.unseen(firstByte)) {
        if (!stopped()) {
          check(entry);
        }
      }
      index.unseenKeys(firstByte, this::checkKey);
      if (stopped.getAsBoolean()) {
        return;
      }
    }
    LOG.log(
        System.Logger.Level.INFO,
        "cache links checked digests={0} found={1} lost={2} root={3}",
        String.valueOf(index.digests()),
        String.valueOf(found),
        String.valueOf(lost),
        layout.root());
  }

  private void list(Place place, Path directory, int firstByte) throws IOException {
    Path fan = directory.resolve(CacheLayout.FAN_OUT.get(firstByte));
    if (!Files.isDirectory(fan)) {
      return;
    }
    try (DirectoryStream<Path> names = Files.newDirectoryStream(fan)) {
      for (Path name : names) {
        Optional<Digest> digest = Digest.findHex(name.getFileName().toString());
        if (digest.isPresent() && index.find(digest.get()).isEmpty() && !stopped()) {
          find(place, digest.get());
        }
      }
    }
  }

  private void find(Place place, Digest digest) throws IOException {
    files.lockOf(digest).lock(); // nobody takes it away meanwhile
    try {
      Optional<FileStatus> status = disk.status(path(place, digest));
      if (status.isPresent() && status.get().size() > 0) {
        index.seen(place, digest, status.get().size());
        found++;
      }
    } finally {
      files.lockOf(digest).unlock();
    }
  }

  /// Looks whether a digest stands where the links file says. What has another size than it says is
  /// no affair of the index: who asks for the digest has it hashed.
  private void check(LinksIndex.Entry entry) throws IOException {
    files.lockOf(entry.digest()).lock(); // nobody publishes or removes it meanwhile
    try {
      boolean stands = false;
      for (Place place : Place.values()) {
        Optional<FileStatus> status = disk.status(path(place, entry.digest()));
        if (status.isPresent()) {
          index.seen(place, entry.digest(), status.get().size());
          stands = true;
        } else {
          index.removed(place, entry.digest());
        }
      }
      lost += stands ? 0 : 1;
    } finally {
      files.lockOf(entry.digest()).unlock();
    }
  }

  private void checkKey(Digest layer, int entry, long offset, Digest digest) {
    if (stopped()) {
      return;
    }
    String path = layout.key(layer, new ChunkKey(entry, offset));
    files.lockOf(digest).lock();
    try {
      if (disk.status(path).isPresent()) {
        index.linked(layer, entry, offset, digest);
      } else {
        index.unlinked(layer, entry, offset);
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "cache link not looked at path=" + path, e);
    } finally {
      files.lockOf(digest).unlock();
    }
  }

  private String path(Place place, Digest digest) {
    return switch (place) {
      case OBJECT -> layout.object(digest);
      case CHUNK -> layout.part(digest);
    };
  }

  /// Counts one look at the disk, waits if there were many of late, and tells whether to stop.
  private boolean stopped() {
    if (++looks % TURN == 0) {
      LockSupport.parkNanos(TURN_TAKES.toNanos() - (System.nanoTime() - turnStarted));
      turnStarted = System.nanoTime();
    }
    return stopped.getAsBoolean();
  }
}
