package dev.asterism.cache;

import dev.asterism.cache.CachedChunk.Source;
import dev.asterism.cache.index.LinksIndex;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.linux.PageCache;
import java.nio.file.Path;
import java.util.Optional;

/// The way to a chunk: memory, then the files that are open, then the digest's file, then the key's
/// own. By the first two equal chunks of all keys are one buffer and one open file. Thread-safe.
///
/// What memory and open files hold was hashed to its digest and cannot change, so it is right even
/// when the store has lost it; [#drop] lets it go.
final class Lookup implements AutoCloseable {
  private final RecentBytes memory;
  private final boolean givesBack;
  private final OpenFiles open;
  private final Ledger ledger;
  private final Tally tally;

  Lookup(DirectoryCacheConfig config, Ledger ledger, Tally tally) {
    memory = new RecentBytes(config.direct() ? 0 : config.maxLruCacheEntry());
    open =
        new OpenFiles(
            config.direct() ? 0 : config.maxCacheFds(),
            config.fadviseDontneed() ? OpenFiles.Pages.GIVEN_BACK : OpenFiles.Pages.KEPT);
    givesBack = config.fadviseDontneed();
    this.ledger = ledger;
    this.tally = tally;
  }

  /// Finds a chunk of a layer.
  ///
  /// @param given what the caller says that it hashes to; else the index may know
  Optional<CachedChunk> find(LayerCache layer, ChunkKey key, Optional<ChunkDigest> given) {
    Optional<ChunkDigest> digest = given.isPresent() ? given : known(layer, key);
    Optional<CachedChunk> found =
        digest.isPresent() ? find(layer, key, digest.get()) : Optional.empty();
    if (found.isEmpty()) {
      found = layer.findOwn(key).map(own -> CachedChunk.of(Source.KEY, own));
    }
    tally.looked(found.map(CachedChunk::source));
    return found;
  }

  private Optional<ChunkDigest> known(LayerCache layer, ChunkKey key) {
    return ledger
        .index()
        .find(layer.layer(), key.entry(), key.chunkOffset())
        .filter(entry -> entry.size() > 0)
        .map(Lookup::digestOf);
  }

  private static ChunkDigest digestOf(LinksIndex.Entry entry) {
    return new ChunkDigest(entry.digest(), entry.size());
  }

  private Optional<CachedChunk> find(LayerCache layer, ChunkKey key, ChunkDigest wanted) {
    Digest digest = wanted.digest();
    Optional<byte[]> bytes = memory.find(digest);
    if (bytes.isPresent() && bytes.get().length == wanted.size()) {
      ledger.used(digest);
      return Optional.of(CachedChunk.ofMemory(bytes.get()));
    }
    Optional<OpenFiles.Shared> file = open.find(digest, wanted.size());
    if (file.isPresent()) {
      ledger.used(digest);
      return Optional.of(CachedChunk.of(Source.OPEN_FILE, file.get()));
    }
    Optional<Stored> stored = layer.open(digest, wanted.size());
    if (stored.isPresent()) {
      return Optional.of(CachedChunk.of(Source.DIGEST, open.put(digest, stored.get())));
    }
    return layer.findOwn(key, digest, wanted.size()).map(own -> CachedChunk.of(Source.KEY, own));
  }

  /// Keeps a chunk in memory.
  void remember(VerifiedChunk chunk) {
    memory.put(chunk.digest(), chunk.bytes());
  }

  /// Lets go of what [#remember] has kept; what the store has is found in its file from here on.
  void releaseMemory() {
    memory.clear();
  }

  /// Notes that the daemon has written a file, and does not expect to read it soon.
  void written(Published published) {
    if (givesBack && published instanceof Published.Shared(Path path)) {
      PageCache.drop(path.toString());
    }
  }

  /// Lets go of a digest that the store has no more.
  void drop(Digest digest) {
    memory.drop(digest);
    open.drop(digest);
  }

  @Override
  public void close() {
    open.close();
  }
}
