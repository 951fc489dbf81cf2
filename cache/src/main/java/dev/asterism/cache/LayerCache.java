package dev.asterism.cache;

import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// One layer's hold on the store: a link to every chunk that the layer lists and the store has.
///
/// Got from [DirectoryCache#layer]. No disk trouble is an exception here: see [Published]. After
/// the layer is removed, or the cache closed, nothing is kept any more. Thread-safe.
public final class LayerCache {
  private final Digest layer;
  private final CacheLayout layout;
  private final CacheDisk disk;
  private final HardlinkManager links;
  private final Completion completion;
  private final Supplier<Optional<Cause>> refusal;
  private final Consumer<Published> added;

  /// Files of the layer alone whose bytes are known to be right.
  private final Set<ChunkKey> own = ConcurrentHashMap.newKeySet();

  /// Adding shares it; ending takes it alone, so that nothing is added to a directory that is gone.
  private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();

  private boolean ended; // guarded by use

  LayerCache(
      Digest layer,
      CacheLayout layout,
      CacheDisk disk,
      HardlinkManager links,
      Completion completion,
      Supplier<Optional<Cause>> refusal,
      Consumer<Published> added) {
    this.layer = layer;
    this.layout = layout;
    this.disk = disk;
    this.links = links;
    this.completion = completion;
    this.refusal = refusal;
    this.added = added;
  }

  /// Returns the layer's digest.
  public Digest layer() {
    return layer;
  }

  /// Takes a link to a whole file that the store has, and sees to it that the kernel finds it: in
  /// `objects`, and in `fresh` if it has just come. A chunk that was kept as a part only becomes an
  /// object.
  ///
  /// @return false if the store does not have it as a file of its own
  public boolean adoptFile(ChunkKey key, Digest digest, long size) {
    return adopt(HardlinkManager.Kind.FILE, key, digest, size);
  }

  /// Takes a link to a chunk that the store has, as a part or as a whole file.
  ///
  /// @return false if it does not; [DirectoryCache#find] may still find the bytes within a larger
  ///   file
  public boolean adoptPart(ChunkKey key, Digest digest, long size) {
    return adopt(HardlinkManager.Kind.PART, key, digest, size);
  }

  /// Keeps a chunk that is a whole file, where the kernel finds it.
  public Published addFile(ChunkKey key, VerifiedChunk chunk) {
    return add(HardlinkManager.Kind.FILE, key, chunk);
  }

  /// Keeps a chunk that is a part of a file.
  public Published addPart(ChunkKey key, VerifiedChunk chunk) {
    return add(HardlinkManager.Kind.PART, key, chunk);
  }

  /// Makes one object of a file whose parts are all in the store; then those that nobody else holds
  /// go, and are found within it.
  ///
  /// Reads and hashes the whole file, and copies it unless the file system shares blocks. The
  /// object may be there already: then nothing is copied.
  ///
  /// @param entry number of the file's entry in the TOC
  /// @param parts every chunk of the file, in order, without gaps
  /// @return [Cause#MISSING] if a part is not in the store, [Cause#CORRUPT] if the whole does not
  ///   hash to `file`: then the parts that were wrong are gone
  public Published completeFile(int entry, Digest file, long size, List<PartOfFile> parts) {
    Lock shared = use.readLock();
    shared.lock();
    try {
      Optional<Cause> refused = refused();
      if (refused.isPresent()) {
        return new Published.Uncached(refused.get());
      }
      Published published = completion.complete(layer, entry, file, size, parts);
      added.accept(published);
      return published;
    } finally {
      shared.unlock();
    }
  }

  /// Opens a copy that belongs to this layer alone ([Published.Unshared]). One that another process
  /// left is hashed first.
  public Optional<Stored> findOwn(ChunkKey key, Digest digest, long size) {
    String path = layout.key(layer, key);
    try {
      if (disk.status(path).filter(status -> status.size() == size).isEmpty()) {
        return Optional.empty();
      }
      if (!own.contains(key)) {
        if (!Hashes.of(disk, path).equals(digest)) {
          return Optional.empty();
        }
        own.add(key);
      }
      return Optional.of(new Stored(Path.of(path), disk.open(path), 0, size));
    } catch (IOException _) {
      return Optional.empty(); // unreadable is as good as absent: it can be fetched
    }
  }

  /// Opens a copy that belongs to this layer alone and came in this process.
  Optional<Stored> findOwn(ChunkKey key) {
    if (!own.contains(key)) {
      return Optional.empty();
    }
    String path = layout.key(layer, key);
    try {
      FileChannel file = disk.open(path);
      return Optional.of(new Stored(Path.of(path), file, 0, file.size()));
    } catch (IOException _) {
      return Optional.empty(); // gone or unreadable is absent: it can be fetched
    }
  }

  /// Begins a file of this layer alone.
  CacheWriter plainWriter(ChunkKey key, DigestFiles files, Tally tally) {
    Optional<Cause> refused = refused();
    if (refused.isPresent()) {
      return new DiscardingWriter(new Published.Uncached(refused.get()));
    }
    String name = layout.key(layer, key);
    return new PlainWriter(disk, files, tally, layout.unfinished(), name, () -> own.add(key));
  }

  /// Lets go of the layer's links to the parts of a file that the store has whole.
  ///
  /// @param entry number of the file's entry in the TOC
  public void releaseParts(int entry, List<PartOfFile> parts) {
    Lock shared = use.readLock();
    shared.lock();
    try {
      if (!ended) {
        parts.forEach(part -> completion.release(layer, entry, part));
      }
    } finally {
      shared.unlock();
    }
  }

  /// Ends every addition, now and for ever.
  void end(Runnable then) {
    Lock alone = use.writeLock();
    alone.lock();
    try {
      ended = true;
      then.run();
    } finally {
      alone.unlock();
    }
  }

  /// Takes a link as [#adoptFile] does, for a kernel that has just missed the file in `objects`:
  /// for a while it stands in `fresh` whatever room is needed.
  ///
  /// @return false if the store does not have it as a file of its own
  public boolean offerFile(ChunkKey key, Digest digest, long size) {
    return adoptFile(key, digest, size) && links.offer(digest);
  }

  private boolean adopt(HardlinkManager.Kind kind, ChunkKey key, Digest digest, long size) {
    if (size == 0) {
      return false;
    }
    Lock shared = use.readLock();
    shared.lock();
    try {
      return !ended && links.adopt(kind, layer, key, digest, size).isPresent();
    } finally {
      shared.unlock();
    }
  }

  private Published add(HardlinkManager.Kind kind, ChunkKey key, VerifiedChunk chunk) {
    Lock shared = use.readLock();
    shared.lock();
    try {
      Optional<Cause> refused = refused();
      Published published =
          refused.isPresent()
              ? new Published.Uncached(refused.get())
              : links.add(kind, layer, key, chunk);
      if (published instanceof Published.Unshared) {
        own.add(key);
      }
      if (refused.isEmpty()) {
        added.accept(published);
      }
      return published;
    } finally {
      shared.unlock();
    }
  }

  private Optional<Cause> refused() {
    return ended ? Optional.of(Cause.CLOSED) : refusal.get();
  }
}
