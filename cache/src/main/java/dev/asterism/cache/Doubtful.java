package dev.asterism.cache;

import dev.asterism.content.Digest;
import dev.asterism.linux.Errno;
import dev.asterism.linux.ErrnoException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Files that a machine that went down may not have written: out of the store until they are hashed
/// again.
///
/// A publish links `fresh` first and a link leaves `fresh` only after a sync, so every file that
/// may not be on the disk has its name there, whatever point the machine stopped at. (Where names
/// may be lost out of their order, [CacheDisk#keepsOrder], every file is in doubt.) [#setAside]
/// works through that list, which still stands if it is interrupted: first every such name leaves
/// `objects` and `chunks`, then that is synced, and only then is the list emptied. Whatever is
/// right comes back by [#restore], of itself or when somebody asks for it.
///
/// The layers' own links stay: nobody reads through them, and a link to a wrong inode is replaced
/// when its layer takes the digest again. Thread-safe; the caller holds the digest's lock.
final class Doubtful {
  private final CacheLayout layout;
  private final CacheDisk disk;
  private final Tally tally;
  private final Set<Digest> pending = ConcurrentHashMap.newKeySet();

  Doubtful(CacheLayout layout, CacheDisk disk, Tally tally) {
    this.layout = layout;
    this.disk = disk;
    this.tally = tally;
  }

  /// Takes everything that `fresh` lists out of the store. Called before anybody else sees it.
  ///
  /// @throws IOException if something cannot be moved: then the store must not be used
  void setAside(List<Digest> fresh) throws IOException {
    remove(fresh);
    disk.sync();
    for (Digest digest : fresh) {
      require(disk.unlink(layout.fresh(digest)), layout.fresh(digest));
    }
  }

  /// Takes digests out of the store: for [#setAside], which brings that to the disk.
  ///
  /// @throws IOException as that does
  void remove(List<Digest> digests) throws IOException {
    for (Digest digest : digests) {
      moveIfThere(layout.object(digest), layout.doubtfulObject(digest));
      moveIfThere(layout.part(digest), layout.doubtfulPart(digest));
    }
  }

  private void moveIfThere(String from, String to) throws IOException {
    int errno = disk.rename(from, to);
    if (errno != Errno.ENOENT.number()) {
      require(errno, from);
    }
  }

  private static void require(int errno, String path) throws IOException {
    if (errno != 0) {
      throw new ErrnoException("setting aside %s".formatted(path), errno);
    }
  }

  /// Finds what was set aside, now or before an earlier stop.
  void load() throws IOException {
    for (String kind : List.of("objects", "chunks")) {
      try (DirectoryStream<Path> files =
          Files.newDirectoryStream(layout.doubtful().resolve(kind))) {
        for (Path file : files) {
          Digest.findHex(file.getFileName().toString()).ifPresent(pending::add);
        }
      }
    }
  }

  /// Tells whether the digest waits to be hashed. Costs nothing when nothing does.
  boolean contains(Digest digest) {
    return !pending.isEmpty() && pending.contains(digest);
  }

  /// Returns what waits, in no order.
  List<Digest> pending() {
    return new ArrayList<>(pending);
  }

  /// Hashes the digest's files and puts those that are right back where they were; the others go.
  ///
  /// What is right was read from the disk, for the machine has started since it was written: it
  /// needs no sync. The digest waits still until [#settled].
  ///
  /// @return what came back
  List<HardlinkManager.Kind> restore(Digest digest) {
    List<HardlinkManager.Kind> restored = new ArrayList<>();
    if (restore(digest, layout.doubtfulPart(digest), layout.part(digest))) {
      restored.add(HardlinkManager.Kind.PART);
    }
    if (restore(digest, layout.doubtfulObject(digest), layout.object(digest))) {
      restored.add(HardlinkManager.Kind.FILE);
    }
    return restored;
  }

  /// Says that nothing of a digest waits any more: what came back stands wherever it is looked for.
  void settled(Digest digest) {
    pending.remove(digest);
  }

  private boolean restore(Digest digest, String from, String to) {
    Optional<Digest> actual = hash(from);
    if (actual.isEmpty()) {
      return false;
    }
    if (!actual.get().equals(digest)) {
      tally.foundDamaged(from, "not written when the machine stopped");
      disk.unlink(from);
      return false;
    }
    int errno = disk.renameNew(from, to);
    if (errno == Errno.EINVAL.number()) {
      errno = disk.link(from, to);
    }
    if (errno == 0) {
      tally.restored.increment();
    }
    disk.unlink(from); // it is there by now under its digest, or it cannot be
    return errno == 0;
  }

  private Optional<Digest> hash(String path) {
    try {
      return disk.status(path).isPresent() ? Optional.of(Hashes.of(disk, path)) : Optional.empty();
    } catch (IOException e) {
      tally.foundDamaged(path, e.toString());
      disk.unlink(path);
      return Optional.empty();
    }
  }
}
