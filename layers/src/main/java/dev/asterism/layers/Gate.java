package dev.asterism.layers;

import dev.asterism.cache.DirectoryCache;
import dev.asterism.content.Digest;
import dev.asterism.fuse.Attributes;
import dev.asterism.fuse.DirectoryEntry;
import dev.asterism.fuse.Entry;
import dev.asterism.fuse.FileSystem;
import dev.asterism.fuse.FuseException;
import dev.asterism.fuse.Opened;
import dev.asterism.fuse.RequestContext;
import dev.asterism.linux.Errno;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;

/// The way in for what is missing: a data-only layer whose LOOKUP means "have this ready".
///
/// `/gate/ab/<digest>` is looked up by overlayfs after it did not find the object in the store. A file of one chunk is fetched and published, and
/// the answer is "no such file": the kernel finds it in the next layer. A file of several chunks gets an entry and is served by [ObjectReader] until it
/// is whole. What could not be had gets an entry, too, whose OPEN fails: overlayfs would take an error for absence.
///
/// Entries never expire: overlayfs keeps them, and one that vanished under it would fail the container's call with ESTALE. Thread-safe.
final class Gate implements FileSystem {
  private static final Logger LOGGER = System.getLogger(Gate.class.getName());
  /// The gate within the mount.
  static final String NAME = "gate";
  private static final Duration FOREVER = Duration.ofDays(365);
  private static final int DIRECTORY = 0040555;
  private static final int FILE = 0100444;

  private final Fetching fetching;
  private final DirectoryCache store;

  /// Failures that LOOKUP met and the OPEN behind it reports, so that one call waits once.
  private final ConcurrentMap<Long, IOException> failures = new ConcurrentHashMap<>();

  private final ConcurrentMap<Long, ObjectReader> open = new ConcurrentHashMap<>();
  private final AtomicLong handles = new AtomicLong(System.nanoTime());

  Gate(Fetching fetching) {
    this.fetching = fetching;
    this.store = fetching.store();
  }

  @Override
  public Entry lookup(RequestContext context, long parent, String name) throws IOException {
    if (parent == NodeIds.ROOT && name.equals(NAME)) {
      return directory(NodeIds.GATE);
    }
    if (parent == NodeIds.GATE && name.matches("[0-9a-f]{2}")) {
      return directory(NodeIds.ofFan(Integer.parseInt(name, 16)));
    }
    Optional<Digest> digest = Digest.findHex(name);
    if (digest.isEmpty() || NodeIds.fan(parent).orElse(-1) != (int) (digest.get().a() >>> 56)) {
      throw new FuseException(Errno.ENOENT);
    }
    return object(digest.get());
  }

  /// Has an object ready.
  ///
  /// @throws FuseException with ENOENT if it stands in `fresh` now, or no layer lists it
  private Entry object(Digest digest) throws IOException {
    List<Catalog.Location> locations = fetching.catalog().find(digest);
    if (locations.isEmpty()) {
      throw new FuseException(Errno.ENOENT);
    }
    long node = NodeIds.of(digest);
    if (isStored(locations)) {
      throw new FuseException(Errno.ENOENT);
    }
    if (locations.stream().allMatch(location -> location.object().isOneChunk())) {
      try {
        if (fetch(locations) == Flight.Place.STORE) {
          throw new FuseException(Errno.ENOENT);
        }
      } catch (FuseException e) {
        throw e;
      } catch (IOException e) {
        failures.put(node, e);
      }
    }
    return new Entry(node, 0, attributes(node, locations.getFirst().object()), FOREVER, FOREVER);
  }

  /// Fetches a file of one chunk from the first layer that can deliver it.
  private Flight.Place fetch(List<Catalog.Location> locations) throws IOException {
    IOException failure = null;
    for (Catalog.Location location : locations) {
      LayerChunk chunk =
          location.layer().table().chunk(location.layer().table().chunkOf(location.object(), 0));
      try {
        return location.layer().want(chunk).place(fetching.policy().wait());
      } catch (IOException e) {
        if (failure != null) {
          e.addSuppressed(failure);
        }
        failure = e;
      }
    }
    throw failure != null ? failure : new IOException("no layer lists it");
  }

  @Override
  public Attributes getattr(RequestContext context, long node) throws IOException {
    if (!NodeIds.isObject(node)) {
      return directoryAttributes(node);
    }
    Digest digest = digestOf(node);
    return attributes(node, fetching.catalog().find(digest).getFirst().object());
  }

  @Override
  public Opened open(RequestContext context, long node, int flags) throws IOException {
    IOException failure = failures.remove(node);
    if (failure != null) {
      throw failure;
    }
    Digest digest = digestOf(node);
    ObjectReader reader = new ObjectReader(digest, fetching);
    reader.start();
    long handle = handles.incrementAndGet();
    open.put(handle, reader);
    return Opened.cached(handle);
  }
}
