package dev.asterism.layers;

import dev.asterism.cache.CacheMode;
import dev.asterism.cache.LayerCache;
import dev.asterism.content.Blob;
import dev.asterism.content.CorruptContentException;
import dev.asterism.content.Digest;
import dev.asterism.content.Trace;
import dev.asterism.content.TransientFailure;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The chunks of one mounted layer: how those come that are not here. Which are here, [#stored]
/// knows; what else is fetched because one is used, [#anticipation].
///
/// Everything is fetched over the [Link] to the layer's registry. A call that waits uses
/// [#awaitPlace] or [#awaitBytes]; what nobody waits for is asked for with [#fetch]. Thread-safe.
final class LayerContent implements FetchTarget {
  private final Digest digest;
  private final ChunkTable table;
  private final Blob blob;
  private final String image;
  private final LayerCache cache;
  private final Fetching shared;
  private final Link link;
  private final StoredChunks stored;
  private final Anticipation anticipation;

  /// Whether it is mounted no more.
  private volatile boolean gone;

  /// Whether the last that was wanted of this layer could not be had, or not in time.
  private volatile boolean troubled;

  /// How long reads wait for the registry; what the last image said that has the layer.
  private volatile OutagePolicy outagePolicy;

  /// What was logged last: the chunks of a range often fail together.
  private volatile String reported = "";

  /// @param image the reference that `blob` is read by, host first
  LayerContent(
      Digest digest, ChunkTable table, Blob blob, String image, LayerCache cache, Fetching shared) {
    this.digest = digest;
    this.table = table;
    this.blob = blob;
    this.image = image;
    this.cache = cache;
    this.shared = shared;
    this.link = shared.scheduler().link(host());
    this.outagePolicy = shared.outages().policy();
    this.stored = new StoredChunks(this);
    this.anticipation = new Anticipation(this);
  }

  @Override
  public Digest digest() {
    return digest;
  }

  @Override
  public Blob blob() {
    return blob;
  }

  /// Returns the reference that the layer is read by.
  String image() {
    return image;
  }

  /// Returns the host of the registry that it is read from, as that reference names it.
  String host() {
    int slash = image.indexOf('/');
    return slash < 0 ? "" : image.substring(0, slash);
  }

  OutagePolicy outagePolicy() {
    return outagePolicy;
  }

  /// From now on reads wait so long for the registry.
  void outagePolicy(OutagePolicy policy) {
    outagePolicy = policy;
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

  /// Returns those that are here.
  StoredChunks stored() {
    return stored;
  }

  /// Returns what is told of every use.
  Anticipation anticipation() {
    return anticipation;
  }

  /// Tells whether another layer should rather be asked, if it lists the same.
  boolean isTroubled() {
    return troubled;
  }

  /// Notes that something could not be had from here; forgotten when the next chunk comes.
  void noteTrouble() {
    troubled = true;
  }

  @Override
  public Want.Name nameOf(LayerChunk chunk) {
    return Want.Name.of(this, chunk, table.verified() && shared.store().mode() == CacheMode.SHARED);
  }

  /// Waits until a chunk that a container asks for is where it belongs.
  ///
  /// @throws IOException if it cannot be had, or not in time
  Flight.Place awaitPlace(LayerChunk chunk, Deadline deadline) throws IOException {
    return await(chunk, List.of(), flight -> flight.place(deadline));
  }

  /// Waits for the bytes of a chunk that a container asks for.
  ///
  /// @param next what of the same file is likely to be read after it; fetched behind it
  /// @throws IOException if they cannot be had, or not in time
  VerifiedChunk awaitBytes(LayerChunk chunk, List<LayerChunk> next, Deadline deadline)
      throws IOException {
    return await(
        chunk,
        next,
        flight -> {
          if (shared.store().config().syncAdd()) {
            Flight.Place _ = flight.place(deadline);
          }
          return flight.bytes(deadline);
        });
  }

  private interface Wait<T> {
    T on(Flight flight) throws IOException;
  }

  private <T> T await(LayerChunk chunk, List<LayerChunk> next, Wait<T> wait) throws IOException {
    return Trace.root(
        "read",
        Trace.Kind.SERVER,
        Optional.empty(),
        attributes -> {
          attributes
              .set("asterism.image", image)
              .set("asterism.layer", digest.toString())
              .set("asterism.object", table.object(chunk.object()).digest().toString())
              .set("asterism.file.start", chunk.fileOffset())
              .set("asterism.file.end", chunk.fileEnd());
          return awaitTold(chunk, next, wait);
        });
  }

  private <T> T awaitTold(LayerChunk chunk, List<LayerChunk> next, Wait<T> wait)
      throws IOException {
    long start = System.nanoTime();
    Found found = found(chunk);
    Flight flight = want(chunk, next, found);
    boolean came = false;
    try {
      T result = wait.on(flight);
      came = true;
      return result;
    } catch (LateException e) {
      shared.outages().failed(this, chunk, e);
      throw e;
    } finally {
      shared
          .listeners()
          .waited(this, chunk, flight.course().told(found, start, System.nanoTime(), came));
    }
  }

  /// Returns the flight of a chunk that a call waits for, having started one if there was none. If
  /// the chunk is here, which the caller may have overlooked while it came, the flight is over.
  Flight want(LayerChunk chunk) {
    return want(chunk, List.of(), found(chunk));
  }

  private Flight want(LayerChunk chunk, List<LayerChunk> next, Found found) {
    boolean isFirst = anticipation.isFirstUse(chunk);
    List<LayerChunk> beside =
        Stream.concat(next.stream(), anticipation.beside(chunk, found).stream()).toList();
    Flight flight = link.read(this, chunk, beside, false);
    anticipation.guess(chunk, isFirst);
    return flight;
  }

  private Found found(LayerChunk chunk) {
    if (link.isActive(nameOf(chunk))) {
      return Found.ON_ITS_WAY;
    }
    return isHere(chunk) ? Found.STORED : Found.MISSING;
  }

  /// Returns the flight of a chunk that the store says it has and cannot give.
  Flight refetch(LayerChunk chunk) {
    return link.read(this, chunk, List.of(), true);
  }

  /// Has chunks fetched that nobody waits for, in this order. What is here or on its way is not
  /// fetched again; what is queued with less urgency moves up.
  FetchTicket fetch(List<LayerChunk> chunks, FetchClass fetchClass) {
    FetchTicket ticket = link.fetch(this, chunks, fetchClass);
    if (gone) {
      link.cancel(this); // the layer went meanwhile, or before: who asks on finds an end
    }
    return ticket;
  }

  /// Gives up what was asked for and nobody waits for, now and from now on: no container uses the
  /// layer any more. What another layer wants too is fetched for that one.
  void leave() {
    gone = true;
    link.cancel(this);
  }

  boolean isGone() {
    return gone;
  }

  /// The name for an error is looked up only when there is one: that walks through the whole layer.
  @Override
  public VerifiedChunk verify(LayerChunk chunk, byte[] bytes) throws CorruptContentException {
    if (chunk.digest().isEmpty()) {
      return VerifiedChunk.of(bytes);
    }
    try {
      return VerifiedChunk.verify("chunk", chunk.digest().get(), bytes);
    } catch (CorruptContentException e) {
      throw new CorruptContentException(describe(chunk), e.expected(), e.actual());
    }
  }

  @Override
  public boolean isHere(LayerChunk chunk) {
    return stored.isHere(chunk);
  }

  @Override
  public void land(LayerChunk chunk, Flight flight) throws IOException {
    stored.land(chunk, flight);
  }

  @Override
  public Flight.Place place(LayerChunk chunk, VerifiedChunk bytes, FetchClass wanted) {
    return stored.place(chunk, bytes, wanted);
  }

  @Override
  public boolean isWholesale() {
    return anticipation.isWholesale();
  }

  /// Tells whether a chunk is neither here nor on its way. It looks for a flight first: a flight is
  /// over only when its chunk is here.
  boolean isMissing(int number) {
    LayerChunk chunk = table.chunk(number);
    return !link.isActive(nameOf(chunk)) && !isHere(chunk);
  }

  /// Returns the path of a chunk's file, or a text that says that none was found. Slow.
  String fileName(LayerChunk chunk) {
    return shared.names().of(digest, table.object(chunk.object()));
  }

  /// Returns how an error names a chunk.
  String describe(LayerChunk chunk) {
    LayerObject object = table.object(chunk.object());
    return "bytes %d to %d of file %s (TOC entry %d) of layer %s"
        .formatted(chunk.fileOffset(), chunk.fileEnd(), fileName(chunk), object.entry(), digest);
  }

  /// Returns why the last fetch failed; empty since one went well.
  String trouble() {
    return reported;
  }

  @Override
  public void arrived(LayerChunk chunk, VerifiedChunk bytes, FetchClass wanted) {
    troubled = false;
    if (wanted == FetchClass.READ && chunk.fileOffset() == 0) {
      anticipation.arrived(chunk, bytes.bytes());
    }
    shared.listeners().arrived(this, chunk, wanted);
  }

  @Override
  public void failed(LayerChunk chunk, IOException cause, FetchClass wanted) {
    String message = String.valueOf(cause.getMessage());
    boolean isNews = !message.equals(reported);
    reported = message;
    if (!TransientFailure.in(cause)) {
      if (isNews) {
        Fetching.report(digest, describe(chunk), cause);
      }
    } else if (wanted == FetchClass.READ) {
      shared.outages().failed(this, chunk, cause);
    } else if (isNews && wanted == FetchClass.BACKGROUND && !shared.outages().isAway(host())) {
      Fetching.report(digest, describe(chunk), cause);
    }
  }

  @Override
  public void fetched(FetchedRange range) {
    if (range.whole()) {
      reported = "";
      shared.outages().answered(host());
    }
    shared.scheduler().noteFetched(range);
    shared.listeners().fetched(this, range);
  }
}
