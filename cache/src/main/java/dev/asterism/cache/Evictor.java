package dev.asterism.cache;

import dev.asterism.content.Digest;
import dev.asterism.linux.FileStatus;
import dev.asterism.linux.PageCache;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/// Takes files out of the store to make room: those that no layer needs by last use, then those
/// that can be fetched again, longest unused first.
///
/// Nothing is remembered between runs: each looks at the whole store, so that what it decides is
/// true. A file goes in this order, every step under its digest's lock:
///
/// 1. The layers' links to it. From here on it is a file that no layer needs.
/// 2. Its names in `objects`, `chunks` and `fresh`, unless a layer has taken a link meanwhile.
///
/// Who has it open goes on reading; the kernel looks for it again when it has forgotten the inode,
/// and the gate fetches it. What was published less than [#GRACE] ago stays: the kernel may have
/// been told to look in `fresh`. A process that dies in between leaves a file that nobody needs.
/// One run at a time; thread-safe.
final class Evictor {
  /// Longer than the kernel takes from the gate's answer to `fresh`, however busy the machine.
  static final Duration GRACE = Duration.ofSeconds(10);

  private static final System.Logger LOG = System.getLogger(Evictor.class.getName());
  private static final int ATTEMPTS = 8; // to count a directory in which nothing changes meanwhile

  private final CacheLayout layout;
  private final CacheDisk disk;
  private final DigestFiles files;
  private final FreshLinks fresh;
  private final Usage usage;
  private final Activity activity;
  private final Pins pins;
  private final Tally tally;
  private final StoreWalk walk;
  private final HardlinkManager links;

  /// Held over I/O; only who wants room waits for it.
  private final ReentrantLock running = new ReentrantLock();

  /// @param stopped ends a run early
  Evictor(
      CacheLayout layout,
      CacheDisk disk,
      DigestFiles files,
      FreshLinks fresh,
      Usage usage,
      Activity activity,
      Pins pins,
      Tally tally,
      HardlinkManager links,
      BooleanSupplier stopped) {
    this.links = links;
    this.layout = layout;
    this.disk = disk;
    this.files = files;
    this.fresh = fresh;
    this.usage = usage;
    this.activity = activity;
    this.pins = pins;
    this.tally = tally;
    this.walk = new StoreWalk(layout, stopped);
  }

  /// Frees at least `bytes` if it can.
  ///
  /// @throws java.io.InterruptedIOException if it was stopped; what was taken is gone
  /// @throws IOException if the store cannot be looked through; the same
  Eviction evict(long bytes) throws IOException {
    running.lock();
    try {
      return new Run().make(bytes);
    } finally {
      running.unlock();
    }
  }

  /// Does something while nothing is being taken.
  void whileIdle(Runnable work) {
    running.lock();
    try {
      work.run();
    } finally {
      running.unlock();
    }
  }

  /// Counts what the store occupies, without taking anything.
  void count() throws IOException {
    running.lock();
    try {
      Run run = new Run();
      run.lookAtDigests();
      run.lookAtLayers();
    } finally {
      running.unlock();
    }
  }

  /// Takes a digest's files out of the store if no layer holds them.
  ///
  /// @param unusedSince only what last changed before: seconds of the epoch
  /// @return bytes that were freed
  long removeUnreferenced(Digest digest, long unusedSince) throws IOException {
    ReentrantLock lock = files.lockOf(digest);
    lock.lock();
    usage.begin(digest);
    long freed = 0;
    try {
      if (!fresh.mustStay(digest, GRACE)) {
        freed += removeUnreferenced(digest, layout.object(digest), unusedSince);
        freed += removeUnreferenced(digest, layout.part(digest), unusedSince);
      }
      return freed;
    } finally {
      usage.end(digest, -freed);
      lock.unlock();
    }
  }

  /// Returns what [#removeUnreferenced(Digest, long)] would free.
  long findUnreferenced(Digest digest, long unusedSince) throws IOException {
    if (fresh.mustStay(digest, GRACE)) {
      return 0;
    }
    Optional<FileStatus> object = unreferenced(digest, layout.object(digest), unusedSince);
    return object.isPresent()
        ? object.get().allocated()
        : unreferenced(digest, layout.part(digest), unusedSince)
            .map(FileStatus::allocated)
            .orElse(0L);
  }

  private List<String> names(Digest digest) {
    return List.of(layout.object(digest), layout.part(digest), layout.fresh(digest));
  }

  private Optional<FileStatus> unreferenced(Digest digest, String path, long unusedSince)
      throws IOException {
    Optional<FileStatus> file = disk.status(path).filter(now -> now.changed() < unusedSince);
    if (file.isEmpty()) {
      return file;
    }
    long known = 0;
    for (String name : names(digest)) {
      known += isSame(file.get(), name) ? 1 : 0;
    }
    return file.get().links() > known ? Optional.empty() : file; // a layer took it meanwhile
  }

  private long removeUnreferenced(Digest digest, String path, long unusedSince) throws IOException {
    Optional<FileStatus> found = unreferenced(digest, path, unusedSince);
    if (found.isEmpty()) {
      return 0;
    }
    FileStatus file = found.get();
    for (String name : names(digest)) {
      if (isSame(file, name)) {
        int errno = disk.unlink(name);
        if (errno != 0) {
          tally.unlinkFailed(errno, name);
          return 0;
        }
      }
    }
    if (disk.status(layout.object(digest)).isEmpty()
        && disk.status(layout.part(digest)).isEmpty()) {
      disk.unlink(layout.fresh(digest)); // a second writer's, if it is still there
      links.forget(digest);
    }
    if (disk.status(layout.fresh(digest)).isEmpty()) {
      fresh.remove(digest);
    }
    tally.filesEvicted.increment();
    tally.bytesEvicted.add(file.allocated());
    return file.allocated();
  }

  private boolean isSame(FileStatus file, String name) throws IOException {
    return disk.status(name).filter(file::isSameFile).isPresent();
  }

  /// One look at the store, and what is taken on its grounds. Confined to one thread.
  private final class Run {
    private final Survey survey = new Survey();
    private final long firstFiles = tally.filesEvicted.sum();
    private final long[] versions = new long[CacheLayout.FAN_OUT.size()];
    private long freed;

    Eviction make(long bytes) throws IOException {
      lookAtDigests();
      survey.choose(slot -> !survey.isReferenced(slot), bytes);
      takeDigests();
      if (freed < bytes) {
        lookAtLayers();
        long chosen = survey.choose(slot -> survey.lastUse(slot) < Survey.ACTIVE, bytes - freed);
        if (chosen < bytes - freed) {
          lookAtMemory();
          survey.choose(_ -> true, bytes - freed - chosen);
        }
        takeLinks();
        takeDigests();
      }
      long count = tally.filesEvicted.sum() - firstFiles;
      return new Eviction(count, freed, freed >= bytes, freed >= bytes ? 0 : pinned());
    }

    private long pinned() {
      long bytes = 0;
      for (int slot = 0; slot < survey.capacity(); slot++) {
        bytes += survey.isThere(slot) && survey.isPinned(slot) ? survey.allocated(slot) : 0;
      }
      return bytes;
    }

    /// Reads the files under digests; counts what they occupy on the way.
    void lookAtDigests() throws IOException {
      for (int directory = 0; directory < CacheLayout.FAN_OUT.size(); directory++) {
        Fan fan;
        int attempt = 0;
        long version;
        do {
          version = usage.version(directory);
          fan = Fan.read(walk, disk, directory);
        } while (!usage.settle(directory, version, fan.allocated()) && ++attempt < ATTEMPTS);
        versions[directory] = version;
        fan.files().forEach(this::take);
      }
    }

    private void take(Fan.File file) {
      FileStatus status = file.status();
      int slot =
          survey.add(
              status.inode(),
              status.blocks(),
              status.links(),
              (int) Math.clamp(status.changed(), 0, Survey.ACTIVE - 1L),
              files.lockNumber(file.digest()));
      survey.named(slot);
      if (fresh.mustStay(file.digest(), GRACE)) {
        survey.young(slot);
      }
    }

    /// Reads the layers' links: who holds what, since when; and the files that are theirs alone.
    void lookAtLayers() throws IOException {
      Map<Long, Long> own = new HashMap<>(); // bytes, by inode
      for (Digest layer : walk.layers()) {
        int used = activity.lastUse(layer);
        boolean pinned = pins.contain(layer);
        walk.layer(layer, (_, path, inode) -> hold(path, inode, used, pinned, own));
      }
      for (Digest layer : walk.ownLayers()) {
        int used = activity.lastUse(layer);
        boolean pinned = pins.contain(layer);
        walk.own(layer, (_, path, inode) -> hold(path, inode, used, pinned, own));
      }
      findDigestsOf(own);
      usage.settleOwn(own.values().stream().mapToLong(Long::longValue).sum());
    }

    /// Looks again where files were published since the digests were read: they are nobody's alone,
    /// and too young to be taken.
    private void findDigestsOf(Map<Long, Long> own) throws IOException {
      for (int directory = 0; directory < versions.length && !own.isEmpty(); directory++) {
        if (!usage.isUnchanged(directory, versions[directory])) {
          for (Fan.File file : Fan.read(walk, disk, directory).files()) {
            long inode = file.status().inode();
            if (own.remove(inode) != null) {
              survey.young(survey.find(inode));
            }
          }
        }
      }
    }

    /// Notes that a layer has a file, and what that occupies if no digest of all layers names it.
    private void hold(String path, long inode, int used, boolean pinned, Map<Long, Long> own)
        throws IOException {
      int slot = survey.find(inode);
      if (slot == Survey.NONE) {
        Optional<FileStatus> status = disk.status(path);
        if (status.isEmpty()) {
          return;
        }
        FileStatus file = status.get();
        slot = survey.find(file.inode());
        if (slot == Survey.NONE) {
          own.put(file.inode(), file.allocated());
          slot = survey.add(file.inode(), file.blocks(), file.links(), used, Survey.NO_LOCK);
        }
      }
      survey.held(slot, used, pinned);
    }

    /// Asks the kernel which of the files that are in use it has in memory.
    private void lookAtMemory() throws IOException {
      for (int directory = 0; directory < CacheLayout.FAN_OUT.size(); directory++) {
        walk.digests(
            StoreWalk.Place.OBJECT,
            directory,
            (_, path, inode) -> {
              int slot = survey.find(inode);
              if (slot != Survey.NONE
                  && survey.lastUse(slot) == Survey.ACTIVE
                  && survey.isFreeable(slot)
                  && PageCache.of(path).map(PageCache::isInUse).orElse(false)) {
                survey.use(slot, Survey.ACTIVE_IN_MEMORY);
              }
            });
      }
    }

    /// Takes the layers' links to the victims, and the victims that are one layer's alone.
    private void takeLinks() throws IOException {
      for (Digest layer : walk.layers()) {
        walk.layer(layer, (_, path, inode) -> takeIfVictim(path, inode));
      }
      for (Digest layer : walk.ownLayers()) {
        walk.own(layer, (_, path, inode) -> takeIfVictim(path, inode));
      }
    }

    private void takeIfVictim(String path, long inode) throws IOException {
      int slot = survey.find(inode);
      if (slot != Survey.NONE && survey.isVictim(slot)) {
        takeLink(slot, path, inode);
      }
    }

    private void takeLink(int slot, String path, long inode) throws IOException {
      short number = survey.lock(slot);
      if (number == Survey.NO_LOCK) {
        freed += takeOwn(path, inode);
        return;
      }
      ReentrantLock lock = files.lock(number);
      lock.lock();
      try {
        if (disk.status(path).filter(status -> status.inode() == inode).isPresent()) {
          unlink(path);
        }
      } finally {
        lock.unlock();
      }
    }

    private long takeOwn(String path, long inode) throws IOException {
      Optional<FileStatus> file = disk.status(path).filter(status -> status.inode() == inode);
      if (file.isEmpty() || !unlink(path) || file.get().links() > 1) {
        return 0;
      }
      usage.ownChanged(-file.get().allocated());
      tally.filesEvicted.increment();
      tally.bytesEvicted.add(file.get().allocated());
      return file.get().allocated();
    }

    private boolean unlink(String path) {
      int errno = disk.unlink(path);
      if (errno != 0) {
        tally.unlinkFailed(errno, path);
      }
      return errno == 0;
    }

    /// One that a layer has taken meanwhile stays, without the links that were taken.
    private void takeDigest(Digest digest) throws IOException {
      long bytes = removeUnreferenced(digest, Long.MAX_VALUE);
      freed += bytes;
      if (bytes == 0) {
        links.forgetTakenKeys(digest);
      }
    }

    /// Takes the victims that stand under digests and that no layer holds any more.
    private void takeDigests() throws IOException {
      for (StoreWalk.Place place : List.of(StoreWalk.Place.OBJECT, StoreWalk.Place.CHUNK)) {
        for (int directory = 0; directory < CacheLayout.FAN_OUT.size(); directory++) {
          walk.digests(
              place,
              directory,
              (digest, _, inode) -> {
                int slot = survey.find(inode);
                if (slot != Survey.NONE && survey.isVictim(slot)) {
                  takeDigest(digest);
                }
              });
        }
      }
      LOG.log(System.Logger.Level.DEBUG, "cache evicted bytes={0}", String.valueOf(freed));
    }
  }
}
