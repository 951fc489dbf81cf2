package dev.asterism.cache;

import dev.asterism.cache.HardlinkManager.Kind;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// One layer's hold on the store: its link to every chunk that it lists and the store has, or its
/// own copies where nothing is shared; and what is the layer's alone because nothing says what it
/// hashes to.
///
/// Got from [DirectoryCache#layer]. No disk trouble is an exception here: see [Published]. After
/// the layer is removed, or the cache closed, nothing is kept any more. Thread-safe.
public final class LayerCache {
  private final Digest layer;
  private final LayerFiles files;
  private final KeyFiles own;
  private final Lookup lookup;
  private final Supplier<Optional<Cause>> refusal;
  private final Consumer<Published> added;

  /// Adding shares it; ending takes it alone, so that nothing is added to a directory that is gone.
  private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();

  private boolean ended; // guarded by use

  /// @param refusal tells why nothing may be added now: asked once for each addition
  /// @param added told what became of an addition
  LayerCache(
      Digest layer,
      LayerFiles files,
      KeyFiles own,
      Lookup lookup,
      Supplier<Optional<Cause>> refusal,
      Consumer<Published> added) {
    this.layer = layer;
    this.files = files;
    this.own = own;
    this.lookup = lookup;
    this.refusal = refusal;
    this.added = added;
  }

  /// Returns the layer's digest.
  public Digest layer() {
    return layer;
  }

  /// Finds a chunk by its key and, with [ChunkDigest], by what it hashes to: in memory, in an open
  /// file, in the digest's file, in the key's own.
  ///
  /// A file that somebody else cut short may be found: its read throws, and it is found no more.
  ///
  /// @return to be closed; empty if the cache does not have it
  public Optional<CachedChunk> get(ChunkKey key, CacheOption... options) {
    return lookup.find(this, key, digestOf(options));
  }

  /// Tells whether [#get] would find something on the disk. Asks the disk: about a microsecond.
  public boolean holds(ChunkKey key, CacheOption... options) {
    return digestOf(options).map(chunk -> files.holds(chunk.digest(), chunk.size())).orElse(false)
        || own.holds(key);
  }

  /// Begins to keep a chunk. With [ChunkDigest], one whose digest the store has becomes a link and
  /// its bytes are discarded; else they are hashed, and kept under their digest for every key if
  /// they are what it says. Without, the chunk is the key's alone.
  ///
  /// @param options with [WholeFile] it belongs where the kernel finds it; with [NotAwaited] it is
  ///   not kept in memory beside
  /// @return to be committed, and closed
  public CacheWriter add(ChunkKey key, CacheOption... options) {
    Optional<ChunkDigest> given = digestOf(options);
    if (given.isEmpty()) {
      return plainWriter(key);
    }
    ChunkDigest chunk = given.get();
    List<CacheOption> all = Arrays.asList(options);
    Kind kind = all.contains(WholeFile.YES) ? Kind.FILE : Kind.PART;
    boolean awaited = !all.contains(NotAwaited.YES);
    if (adopt(kind, key, chunk.digest(), chunk.size())) {
      return new DiscardingWriter(shared(kind, chunk.digest()));
    }
    if (chunk.size() > DigestWriter.LARGEST) {
      return new DiscardingWriter(new Published.Uncached(Cause.TOO_LARGE));
    }
    return new DigestWriter(
        chunk, bytes -> awaited ? remembered(kind, key, bytes) : addNew(kind, key, bytes));
  }

  private static Optional<ChunkDigest> digestOf(CacheOption... options) {
    for (CacheOption option : options) {
      if (option instanceof ChunkDigest chunk) {
        return Optional.of(chunk);
      }
    }
    return Optional.empty();
  }

  /// Sees to it that the layer has a whole file that the store has, and that the kernel finds it:
  /// in `objects`, and in `fresh` if it has just come. A chunk that was kept as a part only becomes
  /// an object.
  ///
  /// @return false if the store does not have it as a file of its own
  public boolean adoptFile(ChunkKey key, Digest digest, long size) {
    return adopt(Kind.FILE, key, digest, size);
  }

  /// Sees to it that the layer has a chunk that the store has, as a part or as a whole file.
  ///
  /// @return false if it does not; [#get] may still find the bytes within a larger file
  public boolean adoptPart(ChunkKey key, Digest digest, long size) {
    return adopt(Kind.PART, key, digest, size);
  }

  /// Takes a link as [#adoptFile] does, for a kernel that has just missed the file in `objects`:
  /// for a while it stands in `fresh` whatever room is needed.
  ///
  /// @return false if the store does not have it as a file of its own, and where nothing is shared:
  ///   there is no `fresh` then
  public boolean offerFile(ChunkKey key, Digest digest, long size) {
    return whileOpen(() -> size > 0 && files.offer(key, digest, size));
  }

  private boolean adopt(Kind kind, ChunkKey key, Digest digest, long size) {
    return whileOpen(() -> size > 0 && files.adopt(kind, key, digest, size));
  }

  /// Keeps a chunk that is a whole file, where the kernel finds it: [#add] with all that is known.
  public Published addFile(ChunkKey key, VerifiedChunk chunk) {
    return add(Kind.FILE, key, chunk);
  }

  /// Keeps a chunk that is a part of a file: [#add] with its digest.
  public Published addPart(ChunkKey key, VerifiedChunk chunk) {
    return add(Kind.PART, key, chunk);
  }

  private Published add(Kind kind, ChunkKey key, VerifiedChunk chunk) {
    return adopt(kind, key, chunk.digest(), chunk.size())
        ? shared(kind, chunk.digest())
        : addNew(kind, key, chunk);
  }

  private Published shared(Kind kind, Digest digest) {
    return new Published.Shared(Path.of(files.pathOf(kind, digest)));
  }

  /// What is a part is read through the daemon: it is kept in memory for a while as well.
  private Published remembered(Kind kind, ChunkKey key, VerifiedChunk chunk) {
    if (kind == Kind.PART) {
      lookup.remember(chunk);
    }
    return addNew(kind, key, chunk);
  }

  private Published addNew(Kind kind, ChunkKey key, VerifiedChunk chunk) {
    return keep(() -> {
      Published published = files.add(kind, key, chunk);
      lookup.written(published);
      if (published instanceof Published.Unshared) {
        own.added(key);
      }
      return published;
    });
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
    PartOfFile.requireWhole(size, parts);
    return size == 0
        ? new Published.Uncached(Cause.EMPTY)
        : keep(() -> files.complete(entry, file, size, parts));
  }

  /// Tells whether [#find] would find the bytes.
  public boolean holds(Digest digest, long size) {
    return size > 0 && files.holds(digest, size);
  }

  /// Opens the bytes of a digest: from the store, or where nothing is shared from the layer's own
  /// copies. See [DirectoryCache#find].
  public Optional<Stored> find(Digest digest, long size) {
    return size > 0 ? files.find(digest, size) : Optional.empty();
  }

  /// Opens the same; a file that was cut short may show that at a read only.
  Optional<Stored> open(Digest digest, long size) {
    return size > 0 ? files.open(digest, size) : Optional.empty();
  }

  /// Notes which chunks lie where in a file that this layer has: for files that an earlier process
  /// completed. What a TOC claims is hashed at its first use, and forgotten if wrong.
  public void noteRegions(Digest file, List<PartOfFile> parts) {
    files.claim(file, parts);
  }

  /// Opens a copy that belongs to this layer alone ([Published.Unshared]). One that another process
  /// left is hashed first.
  public Optional<Stored> findOwn(ChunkKey key, Digest digest, long size) {
    return own.find(key, digest, size);
  }

  /// Tells whether a key has a file of its own that came in this process.
  boolean hasOwn(ChunkKey key) {
    return own.holds(key);
  }

  /// Opens a copy that belongs to this layer alone and came in this process.
  Optional<Stored> findOwn(ChunkKey key) {
    return own.find(key);
  }

  private CacheWriter plainWriter(ChunkKey key) {
    Optional<Cause> refused = refused();
    return refused.isPresent()
        ? new DiscardingWriter(new Published.Uncached(refused.get()))
        : own.writer(key, this::keep);
  }

  /// Lets go of the layer's links to the parts of a file that the store has whole.
  ///
  /// @param entry number of the file's entry in the TOC
  public void releaseParts(int entry, List<PartOfFile> parts) {
    boolean _ =
        whileOpen(() -> {
          parts.forEach(part -> files.release(entry, part));
          return true;
        });
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

  private boolean whileOpen(Supplier<Boolean> work) {
    Lock shared = use.readLock();
    shared.lock();
    try {
      return !ended && work.get();
    } finally {
      shared.unlock();
    }
  }

  /// Keeps something unless nothing may be kept now.
  private Published keep(Supplier<Published> work) {
    Lock shared = use.readLock();
    shared.lock();
    try {
      Optional<Cause> refused = refused();
      if (refused.isPresent()) {
        return new Published.Uncached(refused.get());
      }
      Published published = work.get();
      added.accept(published);
      return published;
    } finally {
      shared.unlock();
    }
  }

  private Optional<Cause> refused() {
    return ended ? Optional.of(Cause.CLOSED) : refusal.get();
  }
}
