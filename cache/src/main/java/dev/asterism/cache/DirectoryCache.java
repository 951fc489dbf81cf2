package dev.asterism.cache;

import dev.asterism.cache.index.LayerShare;
import dev.asterism.cache.index.LinksFile;
import dev.asterism.cache.index.LinksFileStatus;
import dev.asterism.cache.index.LinksIndex;
import dev.asterism.content.Digest;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;

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
  private final DiskAbilities abilities;
  private final CacheMode mode;
  private final Tally tally;
  private final FreshLinks fresh;
  private final HardlinkManager links;
  private final Completion completion;
  private final Lookup lookup;
  private final Usage usage;
  private final LayerShares shares;
  private final Activity activity;
  private final Pins pins;
  private final Evictor evictor;
  private final SpaceGuard space;
  private final DigestFiles files;
  private final Assembly assembly;
  private final StaleLinks stale;
  private final Cleanup cleanup;
  private final Recovery recovery;
  private final Scrubber scrubber;

  /// One cleanup at a time; held over I/O, and nothing but cleanups waits for it.
  private final ReentrantLock cleaning = new ReentrantLock();

  /// The layers whose links stay at a cleanup; empty as long as nobody has said.
  private volatile Optional<Supplier<Set<Digest>>> compiled = Optional.empty();

  private final Ledger ledger;
  private final LinksFile linksFile;
  private final Durability durability;
  private final ConcurrentHashMap<Digest, LayerCache> layers = new ConcurrentHashMap<>();
  private final ScheduledExecutorService timer;

  private volatile boolean closed;

  private DirectoryCache(
      CacheLayout layout, CacheDisk disk, InstantSource clock, CacheSettings settings)
      throws IOException {
    this.layout = layout;
    this.disk = disk;
    this.settings = settings;
    tally = new Tally(clock);
    fresh = new FreshLinks(clock);
    Doubtful doubtful = new Doubtful(layout, disk, tally);
    root = CacheRoot.open(layout, disk);
    try {
      RunMarker marker = new RunMarker(layout.running(), disk);
      boolean mayHaveStaleLinks = new LastRun(layout, disk, root, marker).settle(fresh, doubtful);
      abilities = DiskAbilities.probe(layout, disk);
      mode = CacheMode.of(settings.config(), abilities);
      pins = Pins.open(layout.pins());
      usage = new Usage(disk.space().block());
      ledger = new Ledger(new LinksIndex(), clock);
      linksFile = new LinksFile(layout.root(), disk, ledger.index());
      durability = new Durability(layout, disk, marker, fresh, linksFile, tally);
      durability.begin();
      activity = new Activity(layout, clock);
      files = new DigestFiles(layout, disk, tally, fresh, usage, ledger);
      assembly = new Assembly(disk, tally, abilities.sharesBlocks());
      Regions regions = new Regions();
      links =
          new HardlinkManager(
              layout, disk, tally, fresh, doubtful, files, regions, assembly, usage, ledger);
      completion =
          new Completion(
              layout, disk, tally, fresh, files, regions, assembly, links, usage, ledger);
      evictor =
          new Evictor(
              layout, disk, files, fresh, usage, activity, pins, tally, links, () -> closed);
      stale = new StaleLinks(layout, disk, files, usage, tally, ledger, this::hasOwn);
      cleanup = new Cleanup(layout, disk, root, evictor, stale, ledger, clock, () -> closed);
      scrubber = new Scrubber(layout, disk, files, ledger, settings.upkeep(), clock);
      recovery =
          new Recovery(
              layout,
              disk,
              root,
              files,
              links,
              doubtful,
              cleanup,
              linksFile,
              ledger.index(),
              scrubber::askFor,
              mayHaveStaleLinks,
              () -> closed);
      space = new SpaceGuard(settings.budget(), disk, usage, evictor, tally, clock);
    } catch (IOException | RuntimeException e) {
      root.close();
      throw e;
    }
    shares = new LayerShares(mode, layout.own(), ledger.index(), usage);
    lookup = new Lookup(settings.config(), ledger, tally);
    links.onForget(lookup::drop);
    links.indexComplete(recovery::isIndexed);
    files.onDamage(lookup::drop);
    timer = Executors.newScheduledThreadPool(THREADS, DirectoryCache::daemonThread);
  }

  /// Keeps every process from opening a cache until the result is closed. Changes nothing in it.
  ///
  /// @param root an existing directory
  /// @throws IOException if another process uses it
  public static Closeable hold(Path root) throws IOException {
    return CacheRoot.lock(new CacheLayout(root).lock());
  }

  /// Opens the cache in `root`, which is made if it is not there. See [#open(Path, CacheDisk,
  /// InstantSource, CacheSettings)].
  public static DirectoryCache open(Path root, InstantSource clock) throws IOException {
    return open(root, CacheSettings.DEFAULT, clock);
  }

  /// Opens the cache in `root`, which is made if it is not there. See [#open(Path, CacheDisk,
  /// InstantSource, CacheSettings)].
  public static DirectoryCache open(Path root, CacheSettings settings, InstantSource clock)
      throws IOException {
    CacheRoot.create(root);
    return open(root, LocalDisk.open(root), clock, settings);
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

  /// Opens the cache in `root` for somebody who looks after it while no daemon runs: nothing is
  /// done in the background. The directory must be there.
  ///
  /// @throws IOException if a daemon uses it, or it cannot be read
  public static DirectoryCache openOffline(Path root, InstantSource clock) throws IOException {
    CacheDisk disk = LocalDisk.open(root);
    try {
      return new DirectoryCache(new CacheLayout(root), disk, clock, CacheSettings.DEFAULT);
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

  /// Returns the directory of the layers' own copies, `<layer>/ab/<hex>`: takes the place of
  /// [#objects] where nothing is shared.
  public Path own() {
    return layout.own();
  }

  /// Returns whether layers share: as configured, but not where the file system makes no links.
  public CacheMode mode() {
    return mode;
  }

  /// Returns how chunks are kept and read.
  public DirectoryCacheConfig config() {
    return settings.config();
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
    recovery.awaitIndex();
  }

  /// Waits until everything that an unclean stop left in doubt has been hashed.
  void awaitSettled() throws InterruptedException {
    recovery.awaitSettled();
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

  /// Finds a chunk by its key and, with [ChunkDigest], by what it hashes to: in memory, in an open
  /// file, in the digest's file, in the key's own.
  ///
  /// A file that somebody else cut short may be found: its read throws, and it is found no more.
  ///
  /// @return to be closed; empty if the cache does not have it
  public Optional<CachedChunk> get(CacheKey key, CacheOption... options) {
    return layer(key.layer()).get(key.chunk(), options);
  }

  /// Begins to keep a chunk, see [LayerCache#add].
  ///
  /// @return to be committed, and closed
  public CacheWriter add(CacheKey key, CacheOption... options) {
    return layer(key.layer()).add(key.chunk(), options);
  }

  /// Lets go of the chunks that are kept in memory, 32 MiB at most. Who fetches no more needs them
  /// no more: what is asked for again is in the kernel's page cache.
  public void releaseMemory() {
    lookup.releaseMemory();
  }

  /// Returns how often [#get] found a chunk, by where.
  public Map<CachedChunk.Source, Long> hits() {
    return tally.hits();
  }

  /// Returns how often [#get] found none.
  public long misses() {
    return tally.misses();
  }

  /// Returns what is known of the store now: digests, their bytes, and the keys that hold them.
  /// Complete some time after [#open], when the links file has been read and the disk looked at.
  public Holdings holdings() {
    LinksIndex index = ledger.index();
    return new Holdings(index.digests(), index.bytes(), index.keys(), index.memory());
  }

  /// Returns what each layer takes of the disk: files that several hold count evenly for each of
  /// them, so that the sum is what all layers take. Cheap to ask for often; some seconds old while
  /// things come and go. Complete when [#holdings] is.
  ///
  /// @throws IOException if a directory cannot be read
  public Map<Digest, LayerShare> shares() throws IOException {
    return shares.current();
  }

  /// Returns what keeping the links file has cost.
  public LinksFileStatus linksFile() {
    return linksFile.status();
  }

  /// Returns a layer's hold on the store, the same one each time until it is removed. Its directory
  /// is made at the first link.
  ///
  /// @throws IllegalStateException if the cache is closed
  public LayerCache layer(Digest layer) {
    if (closed) {
      throw new IllegalStateException("the cache is closed");
    }
    LayerCache known = layers.get(layer);
    return known != null ? known : newLayer(layer);
  }

  private LayerCache newLayer(Digest layer) {
    return layers.computeIfAbsent(
        layer,
        digest ->
            new LayerCache(
                digest,
                layerFiles(digest),
                new KeyFiles(digest, layout, disk, files, usage, tally),
                lookup,
                this::refusal,
                space::added));
  }

  private LayerFiles layerFiles(Digest layer) {
    return switch (mode) {
      case SHARED -> new SharedFiles(layer, links, completion);
      case PLAIN -> new PlainFiles(layer, layout, disk, files, tally, usage, assembly);
    };
  }

  /// Returns the layers that hold links, also those that nobody asked for since [#open].
  public List<Digest> layers() throws IOException {
    return root.layers();
  }

  /// Lets go of everything that a layer holds. Chunks that no other layer holds stay in the store
  /// until their space is needed. What is being added to the layer meanwhile is finished first. A
  /// pinned layer's links stay.
  public void removeLayer(Digest layer) throws IOException {
    LayerCache removed = layer(layer);
    removed.end(() -> layers.remove(layer, removed));
    if (!pins.contain(layer)) {
      root.removeLayer(layer, ledger::layerRemoved);
    }
  }

  /// Returns how the store stands to its budget.
  public BudgetStatus budget() {
    return space.status();
  }

  /// Takes files out of the store until they make up `bytes`: those that no layer needs, then those
  /// that were used longest ago, also under running containers. Pinned ones stay, and what has come
  /// in the last seconds. What is needed again is fetched again.
  ///
  /// Blocks while the whole store is looked through, some microseconds a file, or until [#close].
  ///
  /// @throws InterruptedIOException if the cache is closed meanwhile; what was taken is gone
  /// @throws IOException if the disk cannot be read
  public Eviction evict(long bytes) throws IOException {
    return evictor.evict(bytes);
  }

  private boolean hasOwn(Digest layer, ChunkKey key) {
    LayerCache open = layers.get(layer);
    return open != null && open.hasOwn(key);
  }

  /// Says which layers are compiled: a cleanup takes the links of all others.
  public void compiledLayers(Supplier<Set<Digest>> layersOnDisk) {
    compiled = Optional.of(layersOnDisk);
  }

  /// Removes what nobody needs; see [CleanReport]. Layers go only where [#compiledLayers] was said.
  ///
  /// @throws InterruptedIOException if the cache is closed meanwhile; what was removed is gone
  /// @throws IOException if the disk cannot be read; the same
  public CleanReport clean(CleanOptions options, StoreProgress progress) throws IOException {
    cleaning.lock();
    try {
      Optional<Set<Digest>> kept = compiled.map(Supplier::get);
      return cleanup.clean(
          options,
          layer ->
              kept.map(known -> known.contains(layer)).orElse(true)
                  || layers.containsKey(layer)
                  || pins.contain(layer),
          layers::containsKey,
          recovery.mappings(),
          progress);
    } finally {
      cleaning.unlock();
    }
  }

  /// Compares what stands on the disk with what should. May run while everybody works. A file that
  /// is wrong and was removed is fetched again, as after a scrub.
  ///
  /// @throws IOException if a directory cannot be read
  public VerifyReport verify(VerifyOptions options, StoreProgress progress) throws IOException {
    return new StoreCheck(
            layout,
            disk,
            files,
            fresh,
            stale,
            ledger,
            mode == CacheMode.SHARED && recovery.isIndexed() // it tells of what is shared alone
                ? Optional.of(new KeyCheck(layout, disk, files, ledger.index(), evictor, options))
                : Optional.empty(),
            options,
            progress,
            scrubber::askFor)
        .verify();
  }

  /// Returns how far the scrub is.
  public ScrubStatus scrub() {
    return scrubber.status();
  }

  /// Hashes what the pass of the scrub that is under way has not, or a new one everything.
  void scrubPass() {
    scrubber.pass();
  }

  /// Says who is told of files that were wrong and have left the store: to fetch them again.
  ///
  /// @param by told of the digest, on the scrub's thread; returns soon
  public void heal(Consumer<Digest> by) {
    scrubber.heal(by);
  }

  /// Notes that a file that was wrong stands in the store again.
  public void healed() {
    scrubber.healed();
  }

  /// Keeps an image from eviction from now on, also over restarts; it need not be mounted.
  ///
  /// @throws IOException if that cannot be written down
  public void pin(Pin pin) throws IOException {
    pins.add(pin);
  }

  /// Takes an image's pin away; false if it had none.
  ///
  /// @throws IOException if that cannot be written down; it stays pinned
  public boolean unpin(String image) throws IOException {
    return pins.remove(image);
  }

  /// Returns the images that are pinned.
  public List<Pin> pins() {
    return pins.list();
  }

  /// Notes that layers are under a snapshot that is being mounted.
  public void mounted(Collection<Digest> mountedLayers) {
    activity.mounted(mountedLayers);
  }

  /// Notes which layers are under snapshots that can be mounted; no others are in use now.
  public void inUse(Set<Digest> usedLayers) {
    activity.only(usedLayers);
  }

  /// Brings what was published to the disk: one sync, if there was anything. Then links in `fresh`
  /// that are on the disk and old enough go.
  ///
  /// Called every few seconds by a thread of the cache; blocks while the disk writes.
  ///
  /// @throws IOException if the sync fails. Nothing leaves `fresh` any more, and the next open
  ///   takes it for an unclean stop: no later success tells what became of these bytes
  public void persist() throws IOException {
    if (closed) {
      return; // close does it
    }
    durability.persist(timer).ifPresent(mark -> links.prune(mark, settings.freshAge()));
  }

  /// Ends additions, evictions and cleanups, syncs, and lets go of the root. What was opened for
  /// reading stays readable.
  ///
  /// @throws IOException if the sync fails; the cache is closed all the same, as uncleanly as if
  ///   the machine had stopped
  @Override
  public void close() throws IOException {
    end(true);
  }

  /// As [#close], but waits for no disk where it can help it: what was not synced yet is left as a
  /// process leaves it that is killed, for the next one to sync. That costs nothing unless the
  /// machine stops before it has.
  public void leave() throws IOException {
    end(false);
  }

  /// @param sync whether what is not on the disk is brought there first
  private void end(boolean sync) throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    layers.values().forEach(layer -> layer.end(() -> {}));
    timer.shutdown();
    scrubber.close();
    space.close();
    activity.remember();
    try {
      durability.end(sync);
    } finally {
      awaitTimer();
      lookup.close();
      linksFile.close();
      root.close();
      disk.close();
    }
  }

  /// Tells why something that is to be added cannot be, and counts that.
  private Optional<Cause> refusal() {
    if (closed) {
      return Optional.of(Cause.CLOSED);
    }
    return durability
        .refusal()
        .or(space::refusal)
        .map(cause -> tally.writeFailed(cause, layout.root().toString()));
  }

  private void start() {
    abilities.log(config(), mode, layout.root());
    long every = settings.persistEvery().toMillis();
    var _ = timer.scheduleWithFixedDelay(this::persistAndLog, every, every, TimeUnit.MILLISECONDS);
    openLinksFile();
    var _ = timer.scheduleWithFixedDelay(space::look, every, every, TimeUnit.MILLISECONDS);
    var _ = timer.scheduleWithFixedDelay(activity::remember, 1, 1, TimeUnit.HOURS);
    recovery.begin(mode, timer);
    long clean = settings.upkeep().cleanEvery().toMillis();
    var _ = timer.scheduleWithFixedDelay(this::cleanAndLog, clean, clean, TimeUnit.MILLISECONDS);
    scrubber.start();
    space.start();
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

  private void cleanAndLog() {
    try {
      CleanReport report =
          clean(
              CleanOptions.DEFAULT.withUnusedFor(settings.upkeep().unusedFor()),
              StoreProgress.NONE);
      LOG.log(
          System.Logger.Level.INFO,
          "cache cleaned objects={0} bytes={1} stale_links={2} layers={3}",
          String.valueOf(report.objects()),
          String.valueOf(report.bytes()),
          String.valueOf(report.staleLinks()),
          String.valueOf(report.layersGone().size()));
    } catch (InterruptedIOException _) {
      // closing: the next process has cleanups of its own
    } catch (IOException | RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "cache cleanup failed root=" + layout.root(), e);
    }
  }

  private void openLinksFile() {
    try {
      linksFile.open();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "cache links file not opened root=" + layout.root(), e);
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
