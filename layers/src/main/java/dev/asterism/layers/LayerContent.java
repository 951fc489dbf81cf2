package dev.asterism.layers;

import dev.asterism.cache.ChunkKey;
import dev.asterism.cache.LayerCache;
import dev.asterism.cache.PartOfFile;
import dev.asterism.cache.Published;
import dev.asterism.cache.Stored;
import dev.asterism.content.Blob;
import dev.asterism.content.CorruptContentException;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;

/// The chunks of one mounted layer: which are here, which are on their way, and how the others
/// come.
///
/// A chunk is asked for with [#want]. If it is already on its way, the caller joins; else a [Span]
/// around it is planned and fetched on a virtual thread of its own, which nobody can interrupt: a
/// reader that gives up costs the others nothing. Thread-safe.
final class LayerContent {
  private final Digest digest;
  private final ChunkTable table;
  private final Blob blob;
  private final LayerCache cache;
  private final Fetching shared;
  private final Windows windows;
  private final PartialFiles partial;

  /// Whether the last that was wanted of this layer could not be had, or not in time.
  private volatile boolean troubled;

  private final ReentrantLock planning = new ReentrantLock();

  /// Written under `planning`, so that no two spans take one chunk.
  private final ConcurrentMap<Integer, Flight> flights = new ConcurrentHashMap<>();

  LayerContent(Digest digest, ChunkTable table, Blob blob, LayerCache cache, Fetching shared) {
    this.digest = digest;
    this.table = table;
    this.blob = blob;
    this.cache = cache;
    this.shared = shared;
    this.windows = new Windows(shared.policy());
    this.partial = new PartialFiles(this);
  }

  Digest digest() {
    return digest;
  }

  ChunkTable table() {
    return table;
  }

  LayerCache cache() {
    return cache;
  }

  Fetching shared() {
    return shared;
  }

  /// Tells whether the store has a chunk's bytes, from whatever layer. Those of a layer that was
  /// not verified are never there: who knows what its digests are worth.
  boolean isStored(LayerChunk chunk) {
    return table.verified()
        && chunk.digest().map(name -> shared.store().holds(name, chunk.size())).orElse(false);
  }

  /// Tells whether another layer should rather be asked, if it lists the same.
  boolean isTroubled() {
    return troubled;
  }

  /// Notes that something could not be had from here; forgotten when the next chunk comes.
  void noteTrouble() {
    troubled = true;
  }

  /// Returns a chunk that only memory holds.
  Optional<VerifiedChunk> inMemory(LayerChunk chunk) {
    return shared.recent().find(new RecentChunks.Key(digest, chunk.number()));
  }

  /// Returns a chunk's flight, having started one if there was none. If the chunk is here, which
  /// the caller may have overlooked while it came, the flight is over.
  Flight want(LayerChunk chunk) {
    Flight running = flights.get(chunk.number());
    return running != null && !running.isOverdue()
        ? running
        : launch(chunk, windows.at(chunk.member().start()))
            .orElseGet(() -> landed(chunk).orElseGet(() -> refetch(chunk)));
  }

  /// Returns the flight of a chunk that the store says it has and cannot give.
  Flight refetch(LayerChunk chunk) {
    Flight flight = newFlight();
    planning.lock();
    try {
      Flight running = flights.putIfAbsent(chunk.number(), flight);
      if (running != null) {
        return running;
      }
    } finally {
      planning.unlock();
    }
    start(Span.plan(table, chunk, 1, _ -> false), Map.of(chunk, flight));
    return flight;
  }

  /// Starts to fetch a chunk and what lies behind it, unless it is here or on its way.
  void prefetch(LayerChunk chunk, int window) {
    if (isMissing(chunk.number())) {
      Optional<Flight> _ = launch(chunk, window);
    }
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
          shared.store().noteRegions(object.digest(), parts);
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

  /// Starts a span for a chunk and what is missing behind it, or returns the flight that somebody
  /// else has started meanwhile; empty if the chunk is here by now.
  private Optional<Flight> launch(LayerChunk chunk, int window) {
    Span planned = Span.plan(table, chunk, window, this::isMissing);
    Map<LayerChunk, Flight> mine = new HashMap<>();
    List<LayerChunk> taken = new ArrayList<>();
    Flight asked = newFlight();
    planning.lock();
    try {
      Flight overtaken = flights.get(chunk.number());
      if (overtaken != null && !overtaken.isOverdue()) {
        return Optional.of(overtaken);
      }
      if (isHere(chunk)) {
        return Optional.empty();
      }
      flights.put(chunk.number(), asked);
      for (LayerChunk candidate : planned.chunks()) {
        if (candidate.number() == chunk.number()) {
          mine.put(candidate, asked);
          taken.add(candidate);
        } else if (isMissing(candidate.number())) {
          Flight flight = newFlight();
          flights.put(candidate.number(), flight);
          mine.put(candidate, flight);
          taken.add(candidate);
        }
      }
    } finally {
      planning.unlock();
    }
    Span span = planned.only(taken);
    windows.fetched(chunk.member().start(), span.range().end(), window);
    start(span, mine);
    return Optional.of(asked);
  }

  private Flight newFlight() {
    return new Flight(shared.policy().patience());
  }

  private void start(Span span, Map<LayerChunk, Flight> flights) {
    shared.transfers().start(blob, span, new Arrivals(flights));
  }

  /// Returns the flight of a chunk that is here; empty if the store has it only by name.
  ///
  /// A file of one chunk that lies within another object is brought to where the kernel finds it.
  private Optional<Flight> landed(LayerChunk chunk) {
    return inMemory(chunk)
        .map(bytes -> Flight.landed(bytes, Flight.Place.GATE))
        .or(() -> load(chunk).map(bytes -> Flight.landed(bytes, place(chunk, bytes))));
  }

  private Optional<VerifiedChunk> load(LayerChunk chunk) {
    Digest name = chunk.digest().orElseThrow();
    try (Stored stored = shared.store().find(name, chunk.size()).orElse(null)) {
      if (stored == null) {
        return Optional.empty();
      }
      ByteBuffer bytes = ByteBuffer.allocate(chunk.size());
      stored.read(0, bytes);
      return Optional.of(verify(chunk, bytes.array()));
    } catch (IOException e) {
      Fetching.report(digest, describe(chunk), e);
      return Optional.empty();
    }
  }

  /// The name for an error is looked up only when there is one: that walks through the whole layer.
  private VerifiedChunk verify(LayerChunk chunk, byte[] bytes) throws CorruptContentException {
    if (chunk.digest().isEmpty()) {
      return VerifiedChunk.of(bytes);
    }
    try {
      return VerifiedChunk.verify("chunk", chunk.digest().get(), bytes);
    } catch (CorruptContentException e) {
      throw new CorruptContentException(describe(chunk), e.expected(), e.actual());
    }
  }

  private boolean isHere(LayerChunk chunk) {
    return isStored(chunk) || inMemory(chunk).isPresent();
  }

  /// Tells whether a chunk is neither here nor on its way. It looks for a flight first: a flight is
  /// over only when its chunk is here.
  private boolean isMissing(int number) {
    return !flights.containsKey(number) && !isHere(table.chunk(number));
  }

  /// Returns how an error names a chunk.
  String describe(LayerChunk chunk) {
    LayerObject object = table.object(chunk.object());
    return "bytes %d to %d of file %s (TOC entry %d) of layer %s"
        .formatted(
            chunk.fileOffset(),
            chunk.fileEnd(),
            shared.names().of(digest, object),
            object.entry(),
            digest);
  }

  /// What a span brings, chunk by chunk.
  private final class Arrivals implements Transfers.Receiver {
    private final Map<LayerChunk, Flight> mine;

    /// What was logged last: the chunks of a span often fail together.
    private String reported = "";

    Arrivals(Map<LayerChunk, Flight> mine) {
      this.mine = Map.copyOf(mine);
    }

    @Override
    public void arrived(LayerChunk chunk, byte[] bytes) {
      Flight flight = mine.get(chunk);
      if (flight == null) {
        throw new IllegalArgumentException("not a chunk of this span: " + chunk);
      }
      try {
        VerifiedChunk verified = verify(chunk, bytes);
        troubled = false;
        flight.arrived(verified);
        flight.placed(place(chunk, verified));
      } catch (IOException e) {
        failed(chunk, e);
      } catch (RuntimeException e) {
        failed(chunk, new IOException("a bug while storing: " + e, e));
        throw e;
      } finally {
        flights.remove(chunk.number(), flight);
      }
    }

    @Override
    public void failed(LayerChunk chunk, IOException cause) {
      Flight flight = mine.get(chunk);
      if (flight == null) {
        return;
      }
      flights.remove(chunk.number(), flight);
      String message = String.valueOf(cause.getMessage());
      if (flight.failed(cause) && !message.equals(reported)) {
        reported = message;
        Fetching.report(digest, describe(chunk), cause);
      }
    }
  }

  private Flight.Place place(LayerChunk chunk, VerifiedChunk bytes) {
    if (!table.verified() || !store(chunk, bytes)) {
      shared.recent().put(new RecentChunks.Key(digest, chunk.number()), bytes);
      return Flight.Place.GATE;
    }
    LayerObject object = table.object(chunk.object());
    return switch (object.sharing()) {
      case PRIVATE -> Flight.Place.GATE;
      case SHARED -> {
        if (object.isOneChunk()) {
          shared.adoptElsewhere(this, object.digest());
        } else {
          partial.arrived(object, chunk);
        }
        yield Flight.Place.STORE;
      }
    };
  }

  private boolean store(LayerChunk chunk, VerifiedChunk bytes) {
    LayerObject object = table.object(chunk.object());
    ChunkKey key = new ChunkKey(object.entry(), chunk.fileOffset());
    boolean whole = object.isOneChunk() && object.sharing() == LayerObject.Sharing.SHARED;
    return switch (whole ? cache.addFile(key, bytes) : cache.addPart(key, bytes)) {
      case Published.Shared _ -> true;
      case Published.Unshared _, Published.Uncached _ -> false;
    };
  }
}
