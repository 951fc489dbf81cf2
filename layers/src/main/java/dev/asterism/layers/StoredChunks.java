package dev.asterism.layers;

import dev.asterism.cache.CacheOption;
import dev.asterism.cache.CacheWriter;
import dev.asterism.cache.CachedChunk;
import dev.asterism.cache.ChunkDigest;
import dev.asterism.cache.ChunkKey;
import dev.asterism.cache.LayerCache;
import dev.asterism.cache.NotAwaited;
import dev.asterism.cache.PartOfFile;
import dev.asterism.cache.Published;
import dev.asterism.cache.WholeFile;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The chunks of one mounted layer in the store: found, kept, and linked to.
///
/// Files of one chunk stand where the kernel finds them by itself, unless their use is to be seen;
/// of the others [PartialFiles] makes one file when all their chunks are here. Thread-safe.
final class StoredChunks {
  private final LayerContent content;
  private final ChunkTable table;
  private final LayerCache cache;
  private final PartialFiles partial;

  StoredChunks(LayerContent content) {
    this.content = content;
    this.table = content.table();
    this.cache = content.cache();
    this.partial = new PartialFiles(content);
  }

  /// Tells whether the store has a chunk's bytes, from whatever layer. Those of a layer that was
  /// not verified are the layer's alone: who knows what its digests are worth.
  boolean isStored(LayerChunk chunk) {
    return cache.holds(keyOf(chunk), named(chunk));
  }

  /// Opens a chunk that the store has; empty if it has just given it up.
  Optional<CachedChunk> find(LayerChunk chunk) {
    return cache.get(keyOf(chunk), named(chunk));
  }

  private ChunkKey keyOf(LayerChunk chunk) {
    return new ChunkKey(table.object(chunk.object()).entry(), chunk.fileOffset());
  }

  /// Returns what the store is told of a chunk beside its key.
  private CacheOption[] named(LayerChunk chunk, CacheOption... more) {
    Optional<Digest> name = table.verified() ? chunk.digest() : Optional.empty();
    return Stream.concat(
            name.map(digest -> new ChunkDigest(digest, chunk.size())).stream(), Stream.of(more))
        .toArray(CacheOption[]::new);
  }

  /// Returns a chunk that only memory holds.
  Optional<VerifiedChunk> inMemory(LayerChunk chunk) {
    return content.shared().recent().find(new RecentChunks.Key(content.digest(), chunk.number()));
  }

  /// Takes a link to every object of this layer that the store already has, so that link counts are
  /// true and nothing here is fetched.
  void adopt() {
    for (int index = 0; index < table.objects(); index++) {
      adopt(table.object(index));
    }
  }

  /// Takes a link to an object if the store has it.
  void adopt(LayerObject object) {
    switch (object.sharing()) {
      case PRIVATE -> {}
      case SHARED -> {
        if (cache.adoptFile(ChunkKey.ofFile(object.entry()), object.digest(), object.size())
            && !object.isOneChunk()) {
          List<PartOfFile> parts = parts(object);
          cache.noteRegions(object.digest(), parts);
          cache.releaseParts(object.entry(), parts);
        }
      }
    }
  }

  /// Has an object of several chunks put together if all of them are in the store.
  void completeIfHere(LayerObject object) {
    if (object.sharing() == LayerObject.Sharing.SHARED && !object.isOneChunk()) {
      partial.look(object);
    }
  }

  /// Returns an object's chunks as the store wants to know them. Every chunk of a shared object has
  /// a digest.
  List<PartOfFile> parts(LayerObject object) {
    List<PartOfFile> parts = new ArrayList<>(object.chunks());
    for (int position = 0; position < object.chunks(); position++) {
      LayerChunk chunk = table.chunk(table.chunkOf(object, position));
      parts.add(new PartOfFile(chunk.fileOffset(), chunk.digest().orElseThrow(), chunk.size()));
    }
    return parts;
  }

  /// Tells a flight that its chunk is here. A file of one chunk that lies within another object is
  /// brought to where the kernel finds it.
  ///
  /// @throws IOException if the store cannot give it
  void land(LayerChunk chunk, Flight flight) throws IOException {
    Optional<VerifiedChunk> kept = inMemory(chunk);
    if (kept.isPresent()) {
      flight.arrived(kept.get());
      flight.placed(Flight.Place.GATE);
      return;
    }
    VerifiedChunk bytes = load(chunk);
    flight.arrived(bytes);
    flight.placed(
        switch (table.object(chunk.object()).sharing()) {
          case PRIVATE -> Flight.Place.GATE;
          case SHARED -> place(chunk, bytes, FetchClass.READ);
        });
  }

  /// Tells whether a chunk is in the store or in memory.
  boolean isHere(LayerChunk chunk) {
    return isStored(chunk) || inMemory(chunk).isPresent();
  }

  private VerifiedChunk load(LayerChunk chunk) throws IOException {
    try (CachedChunk stored = find(chunk).orElse(null)) {
      if (stored == null) {
        throw new IOException("the store has given it up: " + content.describe(chunk));
      }
      ByteBuffer bytes = ByteBuffer.allocate(chunk.size());
      stored.read(0, bytes);
      return content.verify(chunk, bytes.array());
    } catch (IOException e) {
      Fetching.report(content.digest(), content.describe(chunk), e);
      throw e;
    }
  }

  /// Keeps a chunk that came, and returns where it is found.
  Flight.Place place(LayerChunk chunk, VerifiedChunk bytes, FetchClass wanted) {
    return switch (store(chunk, bytes, wanted)) {
      case Published.Shared _ -> shared(chunk);
      case Published.Unshared _ -> Flight.Place.GATE;
      case Published.Uncached _ -> {
        if (wanted.isUrgent()) { // memory is too dear for the rest
          content
              .shared()
              .recent()
              .put(new RecentChunks.Key(content.digest(), chunk.number()), bytes);
        }
        yield Flight.Place.GATE;
      }
    };
  }

  private Flight.Place shared(LayerChunk chunk) {
    LayerObject object = table.object(chunk.object());
    return switch (object.sharing()) {
      case PRIVATE -> Flight.Place.GATE;
      case SHARED -> {
        if (object.isOneChunk()) {
          content.shared().adoptElsewhere(content, object.digest());
        } else {
          partial.arrived(object, chunk);
        }
        yield Flight.Place.STORE;
      }
    };
  }

  /// Keeps a chunk. A whole file stands where the kernel finds it, unless its use is to be seen.
  private Published store(LayerChunk chunk, VerifiedChunk bytes, FetchClass wanted) {
    LayerObject object = table.object(chunk.object());
    boolean seen = content.anticipation().isToBeSeen(chunk, wanted);
    List<CacheOption> options = new ArrayList<>(2);
    if (!seen && object.isOneChunk() && object.sharing() == LayerObject.Sharing.SHARED) {
      options.add(WholeFile.YES);
    }
    if (!wanted.isUrgent()) {
      options.add(NotAwaited.YES); // what lives for a while is dear to collect
    }
    try (CacheWriter writer =
        cache.add(keyOf(chunk), named(chunk, options.toArray(CacheOption[]::new)))) {
      writer.write(bytes);
      return writer.commit();
    }
  }
}
