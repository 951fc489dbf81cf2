package dev.asterism.cache;

import dev.asterism.cache.index.LinksFile;
import dev.asterism.cache.index.LinksIndex;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/// Chunks and files on disk, one immutable file per digest, shared by every layer that lists it.
///
/// What stands under a digest is whole and was hashed to it: by this process, or by an earlier one
/// and synced since. The kernel reads [#objects] and [#fresh] without asking, so that holds of
/// those directories from the moment [#open] returns. One process uses a root at a time.
///
/// A cache is never a reason to fail a read: what the disk refuses is a value ([Published]), and
/// what it lost is absent. Only [#open], [#persist], [#removeLayer] and [#layers] throw.
/// Thread-safe.
public final class DirectoryCache implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(DirectoryCache.class.getName());

  /// One that persists, and one each for what takes long: folding, what is doubtful, the index.
  private static final int THREADS = 4;

  private final CacheLayout layout;
  private final CacheDisk disk;
  private final CacheSettings settings;
  private final CacheRoot root;
  private final RunMarker marker;
  private final DiskAbilities abilities;
  private final Tally tally;
  private final FreshLinks fresh;
  private final Doubtful doubtful;
  private final HardlinkManager links;
  private final Completion completion;
  private final DigestFiles files;
  private final Ledger ledger;
  private final LinksFile linksFile;
  private final ConcurrentHashMap<Digest, LayerCache> layers = new ConcurrentHashMap<>();
  private final ScheduledExecutorService timer;

  /// One sync at a time; held over I/O, and nothing but syncs waits for it.
  private final ReentrantLock persisting = new ReentrantLock();

  private long synced; // guarded by persisting: publications below it are on the disk
  private boolean syncFailed; // guarded by persisting

  /// Why nothing may be written now; the marker of an unclean stop could not be.
  private volatile Optional<Cause> refusal = Optional.empty();

  private final CountDownLatch indexed = new CountDownLatch(1);
  private final AtomicBoolean folding = new AtomicBoolean();
  private volatile boolean closed;

  private DirectoryCache(
      CacheLayout layout, CacheDisk disk, InstantSource clock, CacheSettings settings)
      throws IOException {
    this.layout = layout;
    this.disk = disk;
    this.settings = settings;
    tally = new Tally(clock);
    fresh = new FreshLinks(clock);
    doubtful = new Doubtful(layout, disk, tally);
    root = CacheRoot.open(layout, disk);
    try {
      marker = new RunMarker(layout.running(), disk);
      settle();
      setMarker();
      abilities = DiskAbilities.probe(layout, disk);
    } catch (IOException | RuntimeException e) {
      root.close();
      throw e;
    }
    Assembly assembly = new Assembly(disk, tally, abilities.sharesBlocks());
    ledger = new Ledger(new LinksIndex(), clock);
    linksFile = new LinksFile(layout.root(), disk, ledger.index());
    files = new DigestFiles(layout, disk, tally, fresh, ledger);
    Regions regions = new Regions();
    links =
        new HardlinkManager(layout, disk, tally, fresh, doubtful, files, regions, assembly, ledger);
    completion =
        new Completion(layout, disk, tally, fresh, files, regions, assembly, links, ledger);
    timer = Executors.newScheduledThreadPool(THREADS, DirectoryCache::daemonThread);
  }

  /// Opens the cache in `root`, which is made if it is not there. See [#open(Path, CacheDisk,
  /// InstantSource, CacheSettings)].
  public static DirectoryCache open(Path root, InstantSource clock) throws IOException {
    CacheRoot.create(root);
    return open(root, LocalDisk.open(root), clock, CacheSettings.DEFAULT);
  }

  /// Opens the cache in `root`, an existing directory.
  ///
  /// Unfinished writes are removed. If the machine stopped, or the file system was unmounted, while
  /// the cache was in use, whatever may not have reached the disk leaves the store first, and comes
  /// back in the background when it hashes to its digest, or at once when it is asked for.
  ///
  /// @param disk closed with the cache, also if this throws
  /// @throws IOException if the cache is in use, or the directories cannot be made, read or settled
  public static DirectoryCache open(
      Path root, CacheDisk disk, InstantSource clock, CacheSettings settings) throws IOException {
    try {
      DirectoryCache cache = new DirectoryCache(new CacheLayout(root), disk, clock, settings);
      cache.start();
      return cache;
    } catch (IOException | RuntimeException e) {
      disk.close();
      throw e;
    }
  }

  /// Returns the directory of whole files, `ab/<hex>`: a data-only lower layer of every container.
  public Path objects() {
    return layout.objects();
  }

  /// Returns the directory of what has just come, `ab/<hex>`: the last such layer.
  public Path fresh() {
    return layout.fresh();
  }

  /// Returns what the file system can do.
  public DiskAbilities abilities() {
    return abilities;
  }

  /// Returns what was done since [#open].
  public CacheCounters counters() {
    return tally.snapshot();
  }

  /// Returns what is known of the store beyond what stands in it.
  LinksIndex index() {
    return ledger.index();
  }

  /// Waits until the index has been restored and compared with the disk.
  void awaitIndex() throws InterruptedException {
    indexed.await();
  }

  /// Tells whether [#find] would find the bytes. Asks the disk: about a microsecond.
  public boolean holds(Digest digest, long size) {
    return size > 0 && links.holds(digest, size);
  }

  /// Opens the bytes of a digest: a whole file, a part, or a region of a larger file.
  ///
  /// Everything that is returned hashed to `digest`. A file of another size than `size` was damaged
  /// by somebody else: it is removed, and not found.
  ///
  /// @return to be closed; empty if the store does not have it, or cannot read it
  public Optional<Stored> find(Digest digest, long size) {
    return size > 0 ? links.find(digest, size) : Optional.empty();
  }

  /// Notes which chunks lie where in a file, so that [#find] finds them there: for files that an
  /// earlier process completed. What a TOC claims is hashed at its first use, and forgotten if
  /// wrong. The file need not be in the store.
  ///
  /// Kept in memory until the cache is closed, some 100 bytes a chunk.
  public void noteRegions(Digest file, List<PartOfFile> parts) {
    links.claim(file, parts);
  }

  /// Returns a layer's hold on the store, the same one each time until it is removed. Its directory
  /// is made at the first link.
  ///
  /// @throws IllegalStateException if the cache is closed
  public LayerCache layer(Digest layer) {
    if (closed) {
      throw new IllegalStateException("the cache is closed");
    }
    return layers.computeIfAbsent(
        layer, digest -> new LayerCache(digest, layout, disk, links, completion, this::refusal));
  }

  /// Returns the layers that hold links, also those that nobody asked for since [#open].
  public List<Digest> layers() throws IOException {
    return root.layers();
  }

  /// Lets go of everything that a layer holds. Chunks that no other layer holds stay in the store
  /// until their space is needed. What is being added to the layer meanwhile is finished first.
  public void removeLayer(Digest layer) throws IOException {
    LayerCache removed = layer(layer);
    removed.end(() -> layers.remove(layer, removed));
    root.removeLayer(layer);
    ledger.index().layerRemoved(layer);
  }

  /// Brings what was published to the disk: one sync, if there was anything. Then links in `fresh`
  /// that are on the disk and old enough go.
  ///
  /// Called every few seconds by a thread of the cache; blocks while the disk writes.
  ///
  /// @throws IOException if the sync fails. Nothing leaves `fresh` any more, and the next open
  ///   takes it for an unclean stop: no later success tells what became of these bytes
  public void persist() throws IOException {
    persisting.lock();
    try {
      if (closed) {
        return; // close did it
      }
      if (refusal.isPresent() && !syncFailed) {
        setMarker();
      }
      persistIndex();
      long mark = fresh.mark();
      if (mark > synced) {
        sync();
        synced = mark;
      }
      if (!syncFailed) {
        links.prune(synced, settings.freshAge());
      }
    } finally {
      persisting.unlock();
    }
  }

  /// Ends additions, syncs, and lets go of the root. What was opened for reading stays readable.
  ///
  /// @throws IOException if the sync fails; the cache is closed all the same, as uncleanly as if
  ///   the machine had stopped
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    layers.values().forEach(layer -> layer.end(() -> {}));
    timer.shutdown();
    try {
      persisting.lock();
      try {
        persistIndex();
        sync();
        if (!syncFailed && refusal.isEmpty()) {
          marker.clear();
        }
      } finally {
        persisting.unlock();
      }
    } finally {
      awaitTimer();
      linksFile.close();
      root.close();
      disk.close();
    }
  }

  /// Decides what of the last run can be trusted. After a stop of the machine no mount can see the
  /// directories yet. Where only this process is in another mount namespace than the last,
  /// containers may: what leaves `objects` under them they ask the gate for, which restores it.
  private void settle() throws IOException {
    root.emptyWip();
    List<Digest> listed = root.fresh();
    switch (marker.lastStop()) {
      case CLEAN, KILLED -> listed.forEach(fresh::add);
      case DOUBTFUL -> {
        doubtful.setAside(listed);
        LOG.log(
            System.Logger.Level.WARNING,
            "cache was not closed, files to be hashed again files={0} root={1}",
            String.valueOf(listed.size()),
            layout.root());
      }
    }
    doubtful.load();
  }

  private Optional<Cause> refusal() {
    return closed ? Optional.of(Cause.CLOSED) : refusal;
  }

  private void setMarker() {
    try {
      marker.set();
      refusal = Optional.empty();
    } catch (IOException e) {
      refusal = Optional.of(tally.writeFailed(Cause.of(e), layout.running().toString()));
    }
  }

  private void start() {
    logAbilities();
    long every = settings.persistEvery().toMillis();
    var _ = timer.scheduleWithFixedDelay(this::persistAndLog, every, every, TimeUnit.MILLISECONDS);
    openLinksFile();
    var _ = timer.submit(this::restoreDoubtful);
    var _ = timer.submit(this::restoreIndex);
  }

  private void logAbilities() {
    abilities
        .noLinks()
        .or(abilities::noLayerLinks)
        .ifPresent(cause ->
            LOG.log(
                System.Logger.Level.WARNING,
                "cache without hard links, nothing is shared cause={0} root={1}",
                cause,
                layout.root()));
  }

  private void persistAndLog() {
    try {
      persist();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, "cache sync failed root=" + layout.root(), e);
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "cache persist failed root=" + layout.root(), e);
    }
  }

  private void openLinksFile() {
    try {
      linksFile.open();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "cache links file not opened root=" + layout.root(), e);
    }
  }

  /// Takes what the links file says, then looks at the disk. The store is in use meanwhile.
  private void restoreIndex() {
    try {
      Set<Digest> present = Set.copyOf(root.layers());
      linksFile.restore(present::contains, () -> closed);
      new Reconciliation(layout, disk, ledger.index(), files, () -> closed).run();
    } catch (IOException | RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "cache links not checked root=" + layout.root(), e);
    } finally {
      indexed.countDown();
    }
  }

  /// Appends what changed in the index to the journal, and has it folded when it has grown large.
  private void persistIndex() {
    try {
      linksFile.persist();
    } catch (IOException e) {
      tally.writeFailed(Cause.of(e), layout.root().resolve("links.journal").toString());
    }
    if (!closed && linksFile.wantsFold() && folding.compareAndSet(false, true)) {
      timer.execute(this::fold);
    }
  }

  private void fold() {
    try {
      linksFile.fold();
    } catch (IOException e) {
      tally.writeFailed(Cause.of(e), layout.root().resolve("links.json").toString());
    } finally {
      folding.set(false);
    }
  }

  private void restoreDoubtful() {
    for (Digest digest : doubtful.pending()) {
      if (closed) {
        return;
      }
      links.restoreIfDoubtful(digest);
    }
  }

  private void sync() throws IOException {
    try {
      disk.sync();
      tally.syncs.increment();
    } catch (IOException e) {
      syncFailed = true;
      markSyncFailed(e);
      throw e;
    }
  }

  /// Where not even that can be written, the marker of this run tells of an unclean stop once the
  /// file system is mounted again.
  private void markSyncFailed(IOException failure) {
    try {
      marker.setSyncFailed();
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private void awaitTimer() {
    boolean interrupted = false;
    while (true) {
      try {
        if (timer.awaitTermination(1, TimeUnit.HOURS)) {
          break;
        }
      } catch (InterruptedException _) {
        interrupted = true; // the threads end by themselves: they look at `closed`
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static Thread daemonThread(Runnable work) {
    return Thread.ofPlatform().daemon().name("cache").unstarted(work);
  }
}
