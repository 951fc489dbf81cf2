package dev.asterism.layers;

import dev.asterism.cache.CacheMode;
import dev.asterism.cache.ChunkKey;
import dev.asterism.cache.DirectoryCache;
import dev.asterism.cache.Stored;
import dev.asterism.content.Digest;
import dev.asterism.fuse.Attributes;
import dev.asterism.fuse.CachedAttributes;
import dev.asterism.fuse.Entry;
import dev.asterism.fuse.FileSystem;
import dev.asterism.fuse.FuseException;
import dev.asterism.fuse.Name;
import dev.asterism.fuse.Opened;
import dev.asterism.fuse.ReadBuffer;
import dev.asterism.fuse.RequestContext;
import dev.asterism.linux.Errno;
import dev.asterism.linux.Fd;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// The way in for what is missing: a data-only layer whose LOOKUP means "have this ready".
///
/// `/gate/ab/<digest>`, or `/gate/<layer>/ab/<digest>` where each layer has its own copies, is
/// looked up by overlayfs after it did not find the object in the store. A file of one chunk is
/// fetched and published, and the answer is "no such file": the kernel finds it in the next layer.
/// A file of several chunks gets an entry and is served by [ObjectReader] until it is whole. What
/// could not be had gets an entry, too, whose OPEN fails: overlayfs would take an error for
/// absence.
///
/// Entries never expire: overlayfs keeps them, and one that vanished under it would fail the
/// container's call with ESTALE. Thread-safe.
final class Gate implements FileSystem {
  private static final Logger LOGGER = System.getLogger(Gate.class.getName());

  /// The gate within the mount.
  static final String NAME = "gate";

  private static final Duration FOREVER = Duration.ofDays(365);

  /// Between two looks for a file that the store has and does not show.
  private static final long PAUSE = Duration.ofMillis(5).toNanos();

  private static final int DIRECTORY = Attributes.S_IFDIR | 0555;
  private static final int FILE = Attributes.S_IFREG | 0444;

  private final Fetching fetching;
  private final DirectoryCache store;

  /// Failures that LOOKUP met and the OPEN behind it reports, so that one call waits once.
  private final ConcurrentMap<Long, IOException> failures = new ConcurrentHashMap<>();

  /// Sizes of nodes whose bytes were verified: what a layer says of a file of one chunk is not
  /// known to be true before.
  private final ConcurrentMap<Long, Long> proven = new ConcurrentHashMap<>();

  private final ConcurrentMap<Long, OpenObject> open = new ConcurrentHashMap<>();
  private final AtomicLong handles;

  /// @param memory numbers this process's handles apart from those of former ones
  Gate(Fetching fetching, GateMemory memory) {
    this.fetching = fetching;
    this.handles = new AtomicLong(memory.firstHandle());
    this.store = fetching.store();
  }

  /// An open file: its reader, and the object's file where the kernel reads that itself.
  private record OpenObject(ObjectReader reader, Optional<Fd> backing) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      backing.ifPresent(Fd::close);
      reader.close();
    }
  }

  @Override
  public Entry lookup(RequestContext request, long parent, Name name) throws IOException {
    String text = name.toString();
    if (parent == ROOT && text.equals(NAME)) {
      return directory(NodeIds.GATE);
    }
    Optional<Digest> digest = Digest.findHex(text);
    if (parent == NodeIds.GATE) {
      return directory(
          NodeIds.findFan(text)
              .or(() -> digest.map(NodeIds::layer))
              .orElseThrow(() -> new FuseException(Errno.ENOENT)));
    }
    Optional<Long> fan = NodeIds.findFanOf(parent, text);
    if (fan.isPresent()) {
      return directory(fan.get());
    }
    if (digest.isEmpty() || !NodeIds.isFanOf(digest.get(), parent)) {
      throw new FuseException(Errno.ENOENT);
    }
    return object(Caller.of(request), digest.get(), parent);
  }

  private static Entry directory(long node) {
    return Entry.of(node, Attributes.of(node, DIRECTORY, 0, Instant.EPOCH), FOREVER);
  }

  /// Has an object ready.
  ///
  /// @param parent the directory that it is looked up in, perhaps a layer's
  /// @throws FuseException with ENOENT if the kernel finds it in `fresh` now, or no layer lists it
  private Entry object(Caller caller, Digest digest, long parent) throws IOException {
    boolean ownFirst = NodeIds.isLayer(parent);
    List<Catalog.Location> locations = new ArrayList<>(fetching.catalog().find(digest));
    if (ownFirst) {
      locations.sort(
          Comparator.comparing(location -> !NodeIds.isOf(location.layer().digest(), parent)));
    }
    Behind behind = ownFirst || store.mode() == CacheMode.PLAIN ? Behind.NOTHING : Behind.FRESH;
    if (locations.isEmpty() || isPublished(locations, behind)) {
      throw new FuseException(Errno.ENOENT);
    }
    long node = NodeIds.of(digest);
    LayerObject object = locations.getFirst().object();
    if (!object.isOneChunk()) {
      return object.sharing() == LayerObject.Sharing.PRIVATE
              || fetching.catalog().lookedUp(locations.getFirst())
          ? entry(node, object.size(), FOREVER)
          : object(caller, digest, parent); // the layer went a moment ago: whoever else lists it
    }
    try {
      Catalog.Location from = waitOut(caller, digest, () -> deliver(locations, behind));
      failures.remove(node);
      proven.put(node, from.object().size());
      return entry(node, from.object().size(), FOREVER);
    } catch (FuseException e) {
      throw e;
    } catch (IOException e) {
      failures.put(node, e);
      return entry(node, object.size(), Duration.ZERO);
    }
  }

  /// What the kernel looks in after the gate.
  private enum Behind {
    /// `fresh`: what stands there needs no entry.
    FRESH,
    /// Nothing, for a container of a plain cache; or nothing that is filled, in a plain cache. The
    /// gate gives what it has stored; the kernel finds that by itself when it looks anew.
    NOTHING
  }

  private static Entry entry(long node, long size, Duration sizeTimeout) {
    return new Entry(node, 0, fileAttributes(node, size), FOREVER, sizeTimeout);
  }

  /// Drops what was kept for a node: the kernel does not know it any more, or the process that
  /// looked it up was killed.
  @Override
  public void forget(long node, long count) {
    failures.remove(node);
    proven.remove(node);
    fetching.catalog().forgotten(node, count);
  }

  /// Tells whether the kernel finds the object behind the gate: it came while the kernel was on its
  /// way here.
  private static boolean isPublished(List<Catalog.Location> locations, Behind behind) {
    if (behind == Behind.NOTHING) {
      return false;
    }
    for (Catalog.Location location : locations) {
      LayerObject object = location.object();
      if (object.sharing() == LayerObject.Sharing.SHARED
          && location
              .layer()
              .cache()
              .offerFile(ChunkKey.ofFile(object.entry()), object.digest(), object.size())) {
        location.layer().anticipation().noteUse(object);
        return true;
      }
    }
    return false;
  }

  /// Fetches a file of one chunk and returns the first layer that could deliver it, if only the
  /// gate can give it. What the store gave up again before the kernel was told is fetched again.
  ///
  /// @throws FuseException with ENOENT if the kernel finds it in `fresh` now
  private Catalog.Location deliver(List<Catalog.Location> locations, Behind behind)
      throws IOException {
    Deadline deadline = Deadline.in(fetching.policy().patience());
    while (true) {
      Optional<Catalog.Location> gate = fetch(locations, deadline);
      if (gate.isPresent()) {
        return gate.get();
      }
      if (behind == Behind.NOTHING) {
        return locations.getFirst();
      }
      if (isPublished(locations, behind)) {
        throw new FuseException(Errno.ENOENT);
      }
      if (deadline.left().isZero()) {
        throw new IOException("the store does not keep it");
      }
      LockSupport.parkNanos(PAUSE); // whatever takes it away again is not outrun by asking faster
    }
  }

  /// Fetches it once; empty if it came to stand in the store.
  private Optional<Catalog.Location> fetch(List<Catalog.Location> locations, Deadline deadline)
      throws IOException {
    IOException failure = new IOException("no layer lists it");
    for (int i = 0; i < locations.size(); i++) {
      Catalog.Location location = locations.get(i);
      ChunkTable table = location.layer().table();
      LayerChunk chunk = table.chunk(table.chunkOf(location.object(), 0));
      Flight.Place place;
      try {
        place = location.layer().awaitPlace(chunk, deadline.share(locations.size() - i));
      } catch (IOException e) {
        location.layer().noteTrouble();
        e.addSuppressed(failure);
        failure = e;
        continue;
      }
      return switch (place) {
        case STORE -> {
          location.layer().anticipation().show(location.object());
          yield Optional.empty();
        }
        case GATE -> Optional.of(location);
      };
    }
    throw failure;
  }

  @Override
  public CachedAttributes getattr(RequestContext request, long node) throws IOException {
    if (!NodeIds.isObject(node)) {
      return new CachedAttributes(Attributes.of(node, DIRECTORY, 0, Instant.EPOCH), FOREVER);
    }
    LayerObject object = locations(node).getFirst().object();
    Long size = proven.get(node);
    return size != null
        ? new CachedAttributes(fileAttributes(node, size), FOREVER)
        : new CachedAttributes(
            fileAttributes(node, object.size()), object.isOneChunk() ? Duration.ZERO : FOREVER);
  }

  private static Attributes fileAttributes(long node, long size) {
    return Attributes.of(node, FILE, size, Instant.EPOCH);
  }

  @Override
  public Opened open(RequestContext request, long node, int flags) throws IOException {
    if (!NodeIds.isObject(node)) {
      throw new FuseException(Errno.EISDIR);
    }
    IOException failure = failures.remove(node);
    if (failure != null) {
      throw unavailable(failure);
    }
    OpenObject opened = open(Caller.of(request), node);
    long handle = handles.incrementAndGet();
    open.put(handle, opened);
    return opened.backing().isPresent()
        ? new Opened.Passthrough(handle, opened.backing().get())
        : new Opened.Cached(handle);
  }

  private OpenObject open(Caller caller, long node) throws IOException {
    List<Catalog.Location> locations = locations(node);
    return waitOut(caller, locations.getFirst().object().digest(), () -> open(node, locations));
  }

  /// Repeats what fails because a registry is away, as long as the layers' images want.
  private <T> T waitOut(Caller caller, Digest object, Outages.Attempt<T> attempt)
      throws IOException {
    return fetching
        .outages()
        .waitOut(
            caller,
            () -> fetching.catalog().find(object).stream().map(Catalog.Location::layer).toList(),
            attempt);
  }

  /// Opens an object as the first layer lists it that can deliver. Layers agree on its size, but
  /// for those that lie about a file of one chunk: they can't deliver.
  private OpenObject open(long node, List<Catalog.Location> locations) throws FuseException {
    IOException failure = new IOException("no layer lists it");
    Deadline deadline = Deadline.in(fetching.policy().patience());
    Map<Long, LayerObject> sizes = new LinkedHashMap<>();
    for (Catalog.Location location : locations) {
      sizes.putIfAbsent(location.object().size(), location.object());
    }
    int left = sizes.size();
    for (LayerObject object : sizes.values()) {
      ObjectReader reader = new ObjectReader(object.digest(), object.size(), fetching);
      try {
        Optional<Fd> backing = backing(object);
        if (backing.isEmpty()) {
          reader.start(deadline.share(left--));
        }
        if (object.isOneChunk()) {
          proven.put(node, object.size());
        }
        return new OpenObject(reader, backing);
      } catch (IOException e) {
        e.addSuppressed(failure);
        failure = e;
        closeQuietly(reader);
      }
    }
    throw unavailable(failure);
  }

  private static void closeQuietly(ObjectReader reader) {
    try {
      reader.close();
    } catch (IOException e) {
      LOGGER.log(Level.DEBUG, "cannot close cause={0}", e.getMessage());
    }
  }

  /// Opens the object's file for the kernel to read by itself, if it is whole in the store.
  private Optional<Fd> backing(LayerObject object) {
    if (object.sharing() == LayerObject.Sharing.PRIVATE) {
      return Optional.empty();
    }
    try (Stored stored = fetching.whole(object.digest(), object.size()).orElse(null)) {
      return stored == null || stored.offset() != 0 || stored.channel().size() != object.size()
          ? Optional.empty()
          : Optional.of(Fd.openReadOnly(stored.path()));
    } catch (IOException e) {
      LOGGER.log(
          Level.DEBUG, "no passthrough object={0} cause={1}", object.digest(), e.getMessage());
      return Optional.empty();
    }
  }

  @Override
  public int read(RequestContext request, long node, long handle, long offset, ReadBuffer into)
      throws IOException {
    Caller caller = Caller.of(request);
    OpenObject known = open.get(handle);
    ObjectReader reader = (known != null ? known : adopt(caller, node, handle)).reader();
    try {
      return waitOut(caller, reader.digest(), () -> reader.read(offset, into));
    } catch (IOException e) {
      throw unavailable(e);
    }
  }

  /// Opens again what a former process has opened. The kernel sends RELEASE after the last READ, so
  /// what is kept here goes.
  private OpenObject adopt(Caller caller, long node, long handle) throws IOException {
    OpenObject opened = open(caller, node);
    OpenObject first = open.putIfAbsent(handle, opened);
    if (first == null) {
      return opened;
    }
    opened.close();
    return first;
  }

  @Override
  public void release(long node, long handle) throws IOException {
    OpenObject closed = open.remove(handle);
    if (closed != null) {
      closed.close();
    }
  }

  /// Returns where the object that a node stands for is listed, at least one place.
  ///
  /// @throws FuseException with ESTALE if no mounted layer lists it any more
  private List<Catalog.Location> locations(long node) throws IOException {
    List<Catalog.Location> locations =
        fetching.catalog().object(node).map(fetching.catalog()::find).orElse(List.of());
    if (locations.isEmpty()) {
      throw new FuseException(Errno.ESTALE, "no mounted layer lists node " + node);
    }
    return locations;
  }

  /// Returns what a container sees of a failed fetch, which has been logged where it failed.
  private static FuseException unavailable(IOException cause) {
    FuseException failure = new FuseException(Errno.EIO, String.valueOf(cause.getMessage()));
    failure.initCause(cause);
    return failure;
  }
}
