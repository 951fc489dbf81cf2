package dev.asterism.cache;

import dev.asterism.cache.index.LinksIndex;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.linux.Errno;
import dev.asterism.linux.FileStatus;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// Which file holds a digest, and the links by which layers hold it.
///
/// The file system is the truth: a digest is here if a file stands at its path. Nothing is looked
/// up in memory but what the file system cannot say: regions of larger files, and what is fresh.
///
/// Names of a digest change only under its lock ([DigestLocks]); bytes are written before, under a
/// name in `wip` that nobody knows. A publish makes its links in the order `fresh`, digest, layer:
///
/// - `fresh` first, so that there is no moment at which a file stands under its digest, may not be
///   on the disk, and is not listed as such ([Doubtful]); and so that the kernel, having missed it
///   in `objects`, finds it in `fresh`.
/// - The layer last: its link means that the digest is there.
///
/// Nothing is ever unlinked to be linked again, so a digest that is there stays there for every
/// reader. Trouble with the disk is a value, [Published], or an absence; never an exception to who
/// adds. Thread-safe.
final class HardlinkManager {
  /// What a digest is looked up as.
  enum Kind {
    /// A whole file, which the kernel reads in `objects`.
    FILE,
    /// A part of a file, which only the gate reads: an object serves as well as a chunk.
    PART
  }

  private static final System.Logger LOG = System.getLogger(HardlinkManager.class.getName());

  /// A file that was offered that lately need not be offered again: less than half of what the
  /// eviction waits.
  private static final Duration YOUNG = Evictor.GRACE.dividedBy(4);

  private static final int EEXIST = Errno.EEXIST.number();
  private static final int EMLINK = Errno.EMLINK.number();
  private static final int ENOENT = Errno.ENOENT.number();

  private final CacheLayout layout;
  private final CacheDisk disk;
  private final Tally tally;
  private final FreshLinks fresh;
  private final Doubtful doubtful;
  private final Assembly assembly;
  private final Regions regions;
  private final DigestFiles files;
  private final Usage usage;
  private final Ledger ledger;
  private final Consumer<Stored> whenShort = this::foundShort;
  private volatile BooleanSupplier complete = () -> false;
  private volatile Consumer<Digest> forgetting = _ -> {};

  HardlinkManager(
      CacheLayout layout,
      CacheDisk disk,
      Tally tally,
      FreshLinks fresh,
      Doubtful doubtful,
      DigestFiles files,
      Regions regions,
      Assembly assembly,
      Usage usage,
      Ledger ledger) {
    this.usage = usage;
    this.ledger = ledger;
    this.layout = layout;
    this.disk = disk;
    this.tally = tally;
    this.fresh = fresh;
    this.doubtful = doubtful;
    this.files = files;
    this.regions = regions;
    this.assembly = assembly;
  }

  /// Opens the bytes of a digest: its object, its chunk, or a region of an object. A chunk that
  /// becomes an object meanwhile is looked for again.
  Optional<Stored> find(Digest digest, long size) {
    restoreIfDoubtful(digest);
    Optional<Stored> known = openKnown(digest, size).filter(HardlinkManager::isWhole);
    return known.isPresent() ? known : search(digest, size);
  }

  /// Opens the same. A known file's size is not asked for: if it was cut short, a read shows that,
  /// and then it leaves the store.
  Optional<Stored> open(Digest digest, long size) {
    restoreIfDoubtful(digest);
    Optional<Stored> known = openKnown(digest, size);
    return known.isPresent() ? known : search(digest, size);
  }

  /// Opens the file that the index tells of, without looking for it before: an open file says by
  /// itself that it stands. Empty if it is gone or unreadable.
  private Optional<Stored> openKnown(Digest digest, long size) {
    Optional<LinksIndex.Entry> entry = ledger.use(digest);
    if (entry.isEmpty() || entry.get().size() != size) {
      return Optional.empty();
    }
    String path = entry.get().isObject() ? layout.object(digest) : layout.part(digest);
    try {
      return Optional.of(new Stored(path, disk.open(path), size, whenShort));
    } catch (IOException _) {
      return Optional.empty(); // as if it were not there: who asks looks for it elsewhere
    }
  }

  /// Tells whether an open file is as long as it should be; closes it if not.
  private static boolean isWhole(Stored stored) {
    try {
      if (stored.channel().size() == stored.size()) {
        return true;
      }
      stored.close();
    } catch (IOException _) {
      // as if it were not there
    }
    return false;
  }

  /// A file of a digest ended before its time: hashes it, and takes it away if it is wrong.
  private void foundShort(Stored stored) {
    String path = stored.path().toString();
    Digest.findHex(path.substring(path.lastIndexOf('/') + 1))
        .ifPresent(digest -> {
          boolean _ = files.stands(path, digest, stored.size());
          forgetting.accept(digest); // also if another file stands there by now
        });
  }

  private Optional<Stored> search(Digest digest, long size) {
    return openNoted(layout.object(digest), digest, size)
        .or(() -> openNoted(layout.part(digest), digest, size))
        .or(() -> openRegion(digest, size))
        .or(() -> openNoted(layout.object(digest), digest, size));
  }

  private Optional<Stored> openNoted(String path, Digest digest, long size) {
    Optional<Stored> found = open(path, digest, size);
    if (found.isPresent()) {
      note(path, digest, size);
    }
    return found;
  }

  /// Tells the index of a file that it did not know, unless that was taken away meanwhile.
  private void note(String path, Digest digest, long size) {
    ReentrantLock lock = files.lockOf(digest);
    lock.lock();
    try {
      if (files.stands(path, digest, size)) {
        ledger.added(layout.placeOf(path), digest, size);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Tells whether [#find] would find something; a region may still turn out to be none.
  boolean holds(Digest digest, long size) {
    restoreIfDoubtful(digest);
    return files.stands(layout.object(digest), digest, size)
        || files.stands(layout.part(digest), digest, size)
        || regions.find(digest, size).filter(this::stands).isPresent()
        || files.stands(layout.object(digest), digest, size);
  }

  /// Tells whether the file that a region lies in is there.
  private boolean stands(Regions.Region region) {
    return files.size(layout.object(region.file())) >= region.offset() + region.size();
  }

  /// Links a layer to what is there and returns its path; empty if it is not there.
  Optional<Path> adopt(Kind kind, Digest layer, ChunkKey key, Digest digest, long size) {
    restoreIfDoubtful(digest);
    if (complete.getAsBoolean() && ledger.index().find(digest).isEmpty()) {
      return Optional.empty(); // a new layer asks for all of its files
    }
    ReentrantLock lock = files.lockOf(digest);
    lock.lock();
    try {
      Optional<String> path = locate(kind, digest, size);
      path.ifPresent(existing -> refer(existing, digest, size, layer, key));
      return path.map(Path::of);
    } finally {
      lock.unlock();
    }
  }

  /// Sees to it that the kernel finds a file in `fresh` for a while; false if it is gone.
  boolean offer(Digest digest) {
    if (fresh.isYoung(digest, YOUNG)) {
      return true;
    }
    ReentrantLock lock = files.lockOf(digest);
    lock.lock();
    try {
      int errno = files.makeLink(layout.object(digest), layout.fresh(digest));
      if (errno == 0 || errno == EEXIST) {
        fresh.add(digest);
        return true;
      }
      if (errno != ENOENT) {
        tally.linkFailed(errno, layout.fresh(digest));
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  /// Keeps a chunk that was not there when it was looked for. Its bytes are not hashed again:
  /// [VerifiedChunk] says what they are.
  Published add(Kind kind, Digest layer, ChunkKey key, VerifiedChunk chunk) {
    if (chunk.size() == 0) {
      return new Published.Uncached(Cause.EMPTY);
    }
    String wip = layout.unfinished();
    int errno = disk.create(wip, chunk.bytes());
    if (errno != 0) {
      disk.unlink(wip);
      return new Published.Uncached(tally.writeFailed(Cause.of(errno), wip));
    }
    return publish(kind, chunk.digest(), chunk.size(), wip, layer, key);
  }

  /// Notes where chunks lie in an object, as a TOC says: believed once they are hashed.
  void claim(Digest file, List<PartOfFile> parts) {
    for (PartOfFile part : parts) {
      regions.claim(part.digest(), file, part.fileOffset(), part.size());
    }
  }

  /// Removes the links in `fresh` that were published before `synced` and are `age` old.
  void prune(long synced, Duration age) {
    boolean any = false;
    for (Optional<Digest> expired = fresh.takeExpired(synced, age);
        expired.isPresent();
        expired = fresh.takeExpired(synced, age)) {
      any = true;
      Digest digest = expired.get();
      ReentrantLock lock = files.lockOf(digest);
      lock.lock();
      try {
        if (!fresh.contains(digest)) {
          disk.unlink(layout.fresh(digest));
        }
      } finally {
        lock.unlock();
      }
    }
    if (any && fresh.isEmpty()) {
      removeEmptyDirectories(layout.fresh());
    }
  }

  /// A block for each of 256 directories is much where nothing comes any more. Who links into one
  /// meanwhile makes it again.
  private static void removeEmptyDirectories(Path above) {
    for (String name : CacheLayout.FAN_OUT) {
      try {
        Files.deleteIfExists(above.resolve(name));
      } catch (DirectoryNotEmptyException _) {
        // somebody has published
      } catch (IOException e) {
        LOG.log(System.Logger.Level.DEBUG, "empty directories stay folder={0}", above, e);
        return; // on a read-only file system all of them do
      }
    }
  }

  /// Hashes what an unclean stop left in doubt, and takes it back if it is right.
  void restoreIfDoubtful(Digest digest) {
    if (!doubtful.contains(digest)) {
      return;
    }
    ReentrantLock lock = files.lockOf(digest);
    lock.lock();
    usage.begin(digest);
    long allocated = 0;
    try {
      if (doubtful.contains(digest)) {
        for (Kind kind : doubtful.restore(digest)) {
          allocated += files.allocated(files.path(kind, digest));
          ledger.restored(kind, digest, files.size(files.path(kind, digest)));
          // The kernel may just have missed it in `objects`.
          if (files.makeLink(files.path(kind, digest), layout.fresh(digest)) == 0) {
            fresh.add(digest);
          }
        }
        doubtful.settled(digest); // not before: who asks meanwhile waits for the lock
      }
    } finally {
      usage.end(digest, allocated);
      lock.unlock();
    }
  }

  /// Returns the path under which a digest was linked: an object's before a chunk's.
  Path pathOf(Digest digest) {
    boolean isObject = ledger.index().find(digest).map(entry -> entry.isObject()).orElse(true);
    return Path.of(isObject ? layout.object(digest) : layout.part(digest));
  }

  /// Forgets a digest that has just lost its last file; its lock is held.
  void forget(Digest digest) {
    ledger.removed(digest);
    forgetting.accept(digest);
  }

  /// Forgets the keys of a digest whose links are gone while it stands.
  void forgetTakenKeys(Digest digest) {
    ReentrantLock lock = files.lockOf(digest);
    lock.lock();
    try {
      ledger
          .index()
          .keys(
              digest,
              (layer, entry, offset) -> {
                ChunkKey key = new ChunkKey(entry, offset);
                if (files.size(layout.key(layer, key)) == 0) {
                  ledger.unlinked(layer, key);
                }
              });
    } finally {
      lock.unlock();
    }
  }

  /// Says what tells whether the index knows of every file. From then on one that it does not know
  /// is not looked for where nobody waits for its bytes: a link less, until somebody reads it.
  void indexComplete(BooleanSupplier isComplete) {
    complete = isComplete;
  }

  /// Lets somebody know of every digest that is forgotten.
  void onForget(Consumer<Digest> listener) {
    forgetting = listener;
  }

  private Optional<Stored> open(String path, Digest digest, long size) {
    if (!files.stands(path, digest, size)) {
      return Optional.empty();
    }
    try {
      return Optional.of(new Stored(path, disk.open(path), size, whenShort));
    } catch (IOException e) {
      return Optional.empty(); // removed since, or unreadable: as good as absent
    }
  }

  private Optional<Stored> openRegion(Digest digest, long size) {
    return regions
        .find(digest, size)
        .flatMap(region -> regions.open(digest, region, layout.object(region.file()), disk, tally));
  }

  /// Finds the file to link to. A chunk that turns out to be a whole file as well gets its name in
  /// `objects`, by way of `fresh`.
  private Optional<String> locate(Kind kind, Digest digest, long size) {
    String object = layout.object(digest);
    if (files.stands(object, digest, size)) {
      return Optional.of(object);
    }
    String part = layout.part(digest);
    if (!files.stands(part, digest, size)) {
      return Optional.empty();
    }
    return switch (kind) {
      case PART -> Optional.of(part);
      case FILE -> promote(part, digest) ? Optional.of(object) : Optional.empty();
    };
  }

  private boolean promote(String part, Digest digest) {
    int errno = files.makeLink(part, layout.fresh(digest));
    if (errno == 0 || errno == EEXIST) {
      errno = files.makeLink(part, layout.object(digest));
      fresh.add(digest);
    }
    if (errno == 0) {
      disk.unlink(part); // else it would count as one more that needs the object
    } else {
      tally.linkFailed(errno, part);
    }
    return errno == 0;
  }

  /// Puts a written file under its digest and links the layer to it.
  Published publish(Kind kind, Digest digest, long size, String wip, Digest layer, ChunkKey key) {
    ReentrantLock lock = files.lockOf(digest);
    lock.lock();
    usage.begin(digest);
    long allocated = 0;
    try {
      String target = files.path(kind, digest);
      int errno = files.makeLink(wip, layout.fresh(digest));
      if (errno != 0 && errno != EEXIST) {
        return keepUnshared(wip, layout.key(layer, key), size, tally.linkFailed(errno, wip));
      }
      errno = files.makeLink(wip, target);
      if (errno == EEXIST && !files.stands(target, digest, size)) {
        errno = files.makeLink(wip, target); // what stood there was damaged, and is gone
      }
      fresh.add(digest);
      if (errno == EEXIST) {
        disk.unlink(wip); // somebody else was first: theirs is as good
        refer(target, digest, size, layer, key);
      } else if (errno != 0) {
        return keepUnshared(wip, layout.key(layer, key), size, tally.linkFailed(errno, target));
      } else {
        tally.filesAdded.increment();
        tally.bytesAdded.add(size);
        allocated = usage.allocated(size);
        ledger.published(Ledger.place(kind), digest, size);
        moveToLayer(wip, target, digest, size, layer, key);
      }
      return new Published.Shared(Path.of(target));
    } finally {
      usage.end(digest, allocated);
      lock.unlock();
    }
  }

  /// Makes the layer's link out of the name in `wip`: one call instead of a link and an unlink.
  private void moveToLayer(
      String wip, String target, Digest digest, long size, Digest layer, ChunkKey key) {
    String name = layout.key(layer, key);
    int errno = disk.renameNew(wip, name);
    if (errno == ENOENT && files.makeParent(name)) {
      errno = disk.renameNew(wip, name);
    }
    if (errno != 0) {
      disk.unlink(wip);
      refer(target, digest, size, layer, key);
    } else {
      ledger.linked(layer, key, digest);
    }
  }

  /// Gives a layer its link to `existing`. Where that fails the layer goes without: the digest is
  /// there all the same.
  private void refer(String existing, Digest digest, long size, Digest layer, ChunkKey key) {
    String name = layout.key(layer, key);
    int errno = files.makeLink(existing, name);
    if (errno == EMLINK) {
      errno = renew(existing, digest, size);
      errno = errno == 0 ? files.makeLink(existing, name) : errno;
    }
    if (errno == EEXIST) {
      errno = relink(existing, name);
    } else if (errno == 0) {
      tally.linksMade.increment();
      tally.bytesShared.add(size);
    }
    if (errno != 0) {
      tally.linkFailed(errno, name);
    } else {
      ledger.added(layout.placeOf(existing), digest, size);
      ledger.linked(layer, key, digest);
    }
  }

  /// Sees to it that a name which the layer has already is one of `existing`: it may be of an inode
  /// that was damaged, or of one that is full.
  private int relink(String existing, String name) {
    try {
      Optional<FileStatus> wanted = disk.status(existing);
      Optional<FileStatus> found = disk.status(name);
      if (wanted.isPresent() && found.isPresent() && wanted.get().isSameFile(found.get())) {
        return 0;
      }
    } catch (IOException e) {
      tally.readFailed(name, e);
    }
    String wip = layout.unfinished();
    int errno = files.makeLink(existing, wip);
    if (errno == 0) {
      errno = disk.rename(wip, name);
      disk.unlink(wip); // still there if both were the same file
    }
    return errno == EMLINK ? 0 : errno; // the layer keeps the full inode, which is right too
  }

  /// Makes a second inode for a digest whose first has all the links that the file system allows,
  /// and lets new links go to it.
  ///
  /// The new file replaces the old under the digest by rename(2). That is no risk to readers: both
  /// have the same bytes, hashed; whoever opens the path gets the one or the other, and whoever has
  /// the old one open keeps it. Nor is it one when the machine stops: the old bytes may be on the
  /// disk, so the new ones are before they take their place. The old inode lives on in the links of
  /// its layers and goes with the last of them.
  private int renew(String existing, Digest digest, long size) {
    String wip = layout.unfinished();
    try {
      Optional<Digest> actual =
          assembly.writeDurably(
              wip,
              List.of(new PartOfFile(0, digest, size)),
              (_, _) -> Optional.of(new Stored(existing, disk.open(existing), 0, size)));
      if (!actual.equals(Optional.of(digest))) {
        disk.unlink(wip);
        files.removeDamaged(existing, digest, "hashes to " + actual);
        return ENOENT;
      }
    } catch (IOException e) {
      disk.unlink(wip);
      tally.writeFailed(Cause.of(e), wip);
      return EMLINK;
    }
    int errno = files.makeLink(wip, layout.fresh(digest));
    if (errno == 0 || errno == EEXIST) {
      fresh.add(digest);
      errno = disk.rename(wip, existing);
    }
    if (errno == 0) {
      usage.ownChanged(usage.allocated(size)); // the old one lives on in the layers
      tally.secondInodes.increment();
    } else {
      disk.unlink(wip);
    }
    return errno;
  }

  /// Leaves a file that cannot be linked to the layer alone.
  private Published keepUnshared(String wip, String name, long size, Cause cause) {
    int errno = files.rename(wip, name);
    if (errno == 0) {
      usage.ownChanged(usage.allocated(size));
      return new Published.Unshared(Path.of(name), cause);
    }
    disk.unlink(wip);
    return new Published.Uncached(cause);
  }
}
