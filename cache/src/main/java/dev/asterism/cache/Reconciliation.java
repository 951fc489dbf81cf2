package dev.asterism.cache;

import dev.asterism.cache.index.LinksIndex;
import dev.asterism.cache.index.Place;
import dev.asterism.content.Digest;
import dev.asterism.linux.FileStatus;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// Brings the index and the disk together: what stands on the disk and is not known gets known,
/// what is known and does not stand is forgotten, and what is not as long as it was is hashed.
///
/// Once after each start for what only the links file tells of, and at each cleanup for everything.
/// Runs behind a store in use, at a bounded rate: listings find what is new, and each file and link
/// is looked at once. Confined to one thread; made for one run.
final class Reconciliation {
  private static final System.Logger LOG = System.getLogger(Reconciliation.class.getName());

  private final CacheLayout layout;
  private final CacheDisk disk;
  private final LinksIndex index;
  private final DigestFiles files;
  private final Consumer<Digest> healer;
  private final Pace pace;
  private final boolean seenToo;
  private long found;
  private long lost;
  private long lostKeys;
  private long damaged;

  /// @param seenToo whether also what the disk has shown to this process is looked at
  /// @param healer told of what was damaged and is gone
  /// @param stopped ends it early
  Reconciliation(
      CacheLayout layout,
      CacheDisk disk,
      LinksIndex index,
      DigestFiles files,
      boolean seenToo,
      Consumer<Digest> healer,
      BooleanSupplier stopped) {
    this.layout = layout;
    this.disk = disk;
    this.index = index;
    this.files = files;
    this.seenToo = seenToo;
    this.healer = healer;
    this.pace = new Pace(stopped);
  }

  /// Looks at everything, unless it is stopped before.
  ///
  /// @return how many mappings were forgotten: digests, and keys of those that stand
  long run(StoreProgress progress) throws IOException {
    for (int firstByte = 0; firstByte < CacheLayout.FAN_OUT.size(); firstByte++) {
      progress.at("mappings", firstByte, CacheLayout.FAN_OUT.size());
      list(Place.OBJECT, layout.objects(), firstByte);
      list(Place.CHUNK, layout.chunks(), firstByte);
      for (LinksIndex.Entry entry : index.digests(firstByte, seenToo)) {
        if (!pace.file()) {
          check(entry);
        }
      }
      index.keys(firstByte, seenToo, this::checkKey);
      if (pace.isStopped()) {
        return lost + lostKeys;
      }
    }
    long foundKeys = new UnknownLinks(layout, disk, index, files, pace).find();
    LOG.log(
        System.Logger.Level.INFO,
        "cache links checked digests={0} found={1} lost={2} found_keys={3} lost_keys={4}"
            + " damaged={5} root={6}",
        String.valueOf(index.digests()),
        String.valueOf(found),
        String.valueOf(lost),
        String.valueOf(foundKeys),
        String.valueOf(lostKeys),
        String.valueOf(damaged),
        layout.root());
    return lost + lostKeys;
  }

  private void list(Place place, Path directory, int firstByte) throws IOException {
    Path fan = directory.resolve(CacheLayout.FAN_OUT.get(firstByte));
    if (!Files.isDirectory(fan)) {
      return;
    }
    try (DirectoryStream<Path> names = Files.newDirectoryStream(fan)) {
      for (Path name : names) {
        Optional<Digest> digest = Digest.findHex(name.getFileName().toString());
        if (digest.isPresent() && index.find(digest.get()).isEmpty() && !pace.file()) {
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

  /// Looks whether a digest stands where the index says, and is as long.
  private void check(LinksIndex.Entry entry) throws IOException {
    files.lockOf(entry.digest()).lock(); // nobody publishes or removes it meanwhile
    try {
      boolean stands = false;
      for (Place place : Place.values()) {
        Optional<FileStatus> status = status(place, entry);
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

  /// Returns the file that stands in a place. One of another size than the index has is hashed:
  /// whoever wrote the index, or the file, was wrong.
  private Optional<FileStatus> status(Place place, LinksIndex.Entry entry) throws IOException {
    String path = path(place, entry.digest());
    Optional<FileStatus> status = disk.status(path);
    if (status.isEmpty() || status.get().size() == entry.size()) {
      return status;
    }
    LOG.log(
        System.Logger.Level.WARNING,
        "cache file of another size path={0} size={1} known={2}",
        path,
        String.valueOf(status.get().size()),
        String.valueOf(entry.size()));
    files.removeIfDamaged(path, entry.digest());
    Optional<FileStatus> left = disk.status(path);
    if (left.isEmpty()) {
      damaged++;
      healer.accept(entry.digest());
    }
    return left;
  }

  /// Looks whether a key's link stands, and is as long as what it should be a link to.
  private void checkKey(Digest layer, int entry, long offset, Digest digest) {
    if (pace.file()) {
      return;
    }
    String path = layout.key(layer, new ChunkKey(entry, offset));
    files.lockOf(digest).lock();
    try {
      Optional<LinksIndex.Entry> holds = index.find(layer, entry, offset);
      if (!holds.map(LinksIndex.Entry::digest).equals(Optional.of(digest))) {
        return; // it holds another one by now, or none
      }
      if (disk.status(path).filter(link -> link.size() == holds.get().size()).isPresent()) {
        index.linked(layer, entry, offset, digest);
      } else {
        index.unlinked(layer, entry, offset);
        lostKeys++;
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
}
