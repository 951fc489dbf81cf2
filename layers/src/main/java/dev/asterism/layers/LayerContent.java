package dev.asterism.layers;

import dev.asterism.cache.CacheMode;
import dev.asterism.cache.CacheOption;
import dev.asterism.cache.CacheWriter;
import dev.asterism.cache.CachedChunk;
import dev.asterism.cache.ChunkDigest;
import dev.asterism.cache.ChunkKey;
import dev.asterism.cache.LayerCache;
import dev.asterism.cache.PartOfFile;
import dev.asterism.cache.Published;
import dev.asterism.cache.WholeFile;
import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.CorruptContentException;
import dev.asterism.content.Digest;
import dev.asterism.content.Trace;
import dev.asterism.content.TransientFailure;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/// The chunks of one mounted layer: which are here, how the others come, and what is used of them.
///
/// Everything is fetched over the [Link] to the layer's registry. A call that waits uses
/// [#awaitPlace] or [#awaitBytes]; what nobody waits for is asked for with [#fetch]. Thread-safe.
final class LayerContent implements FetchTarget {
  /// Chunks that one use has fetched beside it at most.
  private static final int MAX_BESIDE = 4096;

  /// Chunks that are queued at a time where a whole layer is fetched.
  private static final int SLICE = 8192;

  private final Digest digest;
  private final ChunkTable table;
  private final Blob blob;
  private final String image;
  private final LayerCache cache;
  private final Fetching shared;
  private final Link link;
  private final Readahead readahead;
  private final Guesses guesses;
  private final PartialFiles partial;
  private final Uses uses;
  private final AtomicBoolean wholesale = new AtomicBoolean();

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
    this.readahead = new Readahead(shared.policy());
    this.guesses = new Guesses(this, table);
    this.uses = new Uses(table.chunks());
    this.partial = new PartialFiles(this);
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
    boolean came = false;
    try {
      T result = wait.on(want(chunk, next));
      came = true;
      return result;
    } catch (LateException e) {
      shared.outages().failed(this, chunk, e);
      throw e;
    } finally {
      Duration time = Duration.ofNanos(System.nanoTime() - start);
      shared.listeners().waited(this, chunk, time, came);
    }
  }

  /// Returns the flight of a chunk that a call waits for, having started one if there was none. If
  /// the chunk is here, which the caller may have overlooked while it came, the flight is over.
  Flight want(LayerChunk chunk) {
    return want(chunk, List.of());
  }

  private Flight want(LayerChunk chunk, List<LayerChunk> next) {
    boolean isFirst = !uses.isUsed(chunk.number());
    List<LayerChunk> beside =
        Stream.concat(next.stream(), beside(chunk, found(chunk)).stream()).toList();
    Flight flight = link.read(this, chunk, beside, false);
    guess(chunk, isFirst);
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

  /// Notes that a container uses a chunk that is here, and has fetched what it is likely to use
  /// next.
  void noteUse(LayerChunk chunk) {
    if (chunk.fileOffset() == 0 && !wholesale.get() && !uses.isUsed(chunk.number())) {
      shared.libraries().opened(this, table.object(chunk.object()));
    }
    boolean isFirst = !uses.isUsed(chunk.number());
    boolean isForetold = uses.isForetold(chunk.number());
    List<LayerChunk> beside = beside(chunk, Found.STORED);
    if (isForetold) {
      return; // who foretold it knows better what lies beside it
    }
    if (!beside.isEmpty()) {
      FetchTicket _ = fetch(beside, FetchClass.READAHEAD);
    }
    guess(chunk, isFirst);
  }

  /// After what is surer: it goes first only if it is queued first.
  private void guess(LayerChunk chunk, boolean isFirst) {
    if (isFirst && !wholesale.get()) {
      guesses.used(chunk);
    }
  }

  /// As the other, of a whole file that the store has.
  void noteUse(LayerObject object) {
    if (object.isOneChunk()) {
      noteUse(table.chunk(table.chunkOf(object, 0)));
    }
  }

  /// Sees to it that a file of one chunk stands where the kernel finds it by itself, if it came
  /// before anybody asked for it.
  void show(LayerObject object) {
    if (isUnaskedNoMore(table.chunkOf(object, 0))) {
      adopt(object);
    }
  }

  /// Notes that a file of several chunks stands where the kernel finds it by itself: no use of it
  /// will be seen.
  void noteWhole(LayerObject object) {
    for (int position = 0; position < object.chunks(); position++) {
      boolean _ = isUnaskedNoMore(table.chunkOf(object, position));
    }
  }

  private boolean isUnaskedNoMore(int chunk) {
    OptionalLong guessed = uses.removeUnasked(chunk);
    guessed.ifPresent(bytes -> shared.scheduler().noteUnused(-bytes));
    return guessed.isPresent();
  }

  /// Notes a use, and returns what should be fetched beside the chunk.
  private List<LayerChunk> beside(LayerChunk chunk, Found found) {
    long packed = Batch.packed(chunk);
    boolean _ = isUnaskedNoMore(chunk.number());
    boolean isFirst = uses.use(chunk.number());
    if (isFirst) {
      shared.scheduler().noteUsed(packed);
      shared.listeners().used(this, chunk, found);
    } else if (found == Found.STORED) {
      return List.of();
    }
    ByteRange member =
        new ByteRange(
            chunk.member().start(), Math.max(Batch.needed(chunk), chunk.member().start()));
    ByteRange reach = readahead.used(member, found, shared.scheduler().isGenerous());
    if (readahead.isWholesale()) {
      fetchWhole();
    }
    return missingWithin(reach, chunk);
  }

  /// Returns the chunks whose members begin in a range and that are missing, and the missing ones
  /// of the member of `asked`.
  private List<LayerChunk> missingWithin(ByteRange range, LayerChunk asked) {
    List<LayerChunk> missing = new ArrayList<>();
    int number = asked.number();
    long from = Math.min(range.start(), asked.member().start());
    while (number > 0 && table.chunk(number - 1).member().start() >= from) {
      number--;
    }
    for (; number < table.chunks() && missing.size() < MAX_BESIDE; number++) {
      LayerChunk chunk = table.chunk(number);
      long start = chunk.member().start();
      boolean inAskedMember = start == asked.member().start();
      if (start >= range.end() && start > asked.member().start()) {
        break;
      }
      boolean wanted =
          inAskedMember
              ? number != asked.number()
              : start >= range.start() && Batch.needed(chunk) <= range.end();
      if (wanted && isMissing(number)) {
        missing.add(chunk);
      }
    }
    return missing;
  }

  /// Has chunks fetched that nobody waits for, in this order. What is here or on its way is not
  /// fetched again; what is queued with less urgency moves up.
  FetchTicket fetch(List<LayerChunk> chunks, FetchClass fetchClass) {
    return link.fetch(this, chunks, fetchClass);
  }

  /// Has all that is missing fetched in long ranges: everything is going to be read.
  void fetchWhole() {
    if (wholesale.compareAndSet(false, true)) {
      guesses.stop();
      promote();
      fetchSlice(0);
    }
  }

  private void fetchSlice(int from) {
    List<LayerChunk> slice = new ArrayList<>();
    int number = from;
    while (number < table.chunks() && slice.size() < SLICE) {
      if (isMissing(number)) {
        slice.add(table.chunk(number));
      }
      number++;
    }
    if (slice.isEmpty()) {
      return;
    }
    int next = number;
    var _ =
        fetch(slice, FetchClass.PREFETCH)
            .done()
            .thenRun(
                () -> Thread.ofVirtual().name("whole " + digest).start(() -> fetchSlice(next)));
  }

  @Override
  public boolean isWholesale() {
    return wholesale.get();
  }

  /// Puts what came without being asked for where the kernel finds it by itself: from now on its
  /// uses are not seen.
  void promote() {
    for (int number : uses.takeUnasked()) {
      LayerObject object = table.object(table.chunk(number).object());
      if (object.isOneChunk()) {
        adopt(object);
      }
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

  /// A file of one chunk that lies within another object is brought to where the kernel finds it.
  @Override
  public void land(LayerChunk chunk, Flight flight) throws IOException {
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

  private VerifiedChunk load(LayerChunk chunk) throws IOException {
    try (CachedChunk stored = find(chunk).orElse(null)) {
      if (stored == null) {
        throw new IOException("the store has given it up: " + describe(chunk));
      }
      ByteBuffer bytes = ByteBuffer.allocate(chunk.size());
      stored.read(0, bytes);
      return verify(chunk, bytes.array());
    } catch (IOException e) {
      Fetching.report(digest, describe(chunk), e);
      throw e;
    }
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
    return isStored(chunk) || inMemory(chunk).isPresent();
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
    if (wanted == FetchClass.READ && chunk.fileOffset() == 0 && !wholesale.get()) {
      shared.libraries().opened(this, table.object(chunk.object()), bytes.bytes());
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
  public void fetched(Batch batch, Duration took) {
    reported = "";
    shared.outages().answered(host());
    shared.scheduler().noteFetched(batch);
    shared.listeners().fetched(this, batch.range(), batch.fetchClass(), took);
  }

  @Override
  public Flight.Place place(LayerChunk chunk, VerifiedChunk bytes, FetchClass wanted) {
    return switch (store(chunk, bytes, isToBeSeen(chunk, wanted))) {
      case Published.Shared _ -> shared(chunk);
      case Published.Unshared _ -> Flight.Place.GATE;
      case Published.Uncached _ -> {
        if (wanted.isUrgent()) { // memory is too dear for the rest
          shared.recent().put(new RecentChunks.Key(digest, chunk.number()), bytes);
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
          shared.adoptElsewhere(this, object.digest());
        } else {
          partial.arrived(object, chunk);
        }
        yield Flight.Place.STORE;
      }
    };
  }

  /// Tells whether the use of a chunk is to come by the gate, so that it is seen: it was fetched
  /// because it might be used, not because it is or because all is.
  private boolean isToBeSeen(LayerChunk chunk, FetchClass wanted) {
    if (wanted == FetchClass.READ || wanted == FetchClass.BACKGROUND || wholesale.get()) {
      return false;
    }
    long guessed = wanted.isGuessed() ? Batch.packed(chunk) : 0;
    if (!uses.addUnasked(chunk.number(), guessed)) {
      return false;
    }
    shared.scheduler().noteUnused(guessed);
    return true;
  }

  /// Keeps a chunk. A whole file stands where the kernel finds it, unless its use is to be seen.
  private Published store(LayerChunk chunk, VerifiedChunk bytes, boolean seen) {
    LayerObject object = table.object(chunk.object());
    boolean whole = object.isOneChunk() && object.sharing() == LayerObject.Sharing.SHARED;
    CacheOption[] options = whole && !seen ? named(chunk, WholeFile.YES) : named(chunk);
    try (CacheWriter writer = cache.add(keyOf(chunk), options)) {
      writer.write(bytes);
      return writer.commit();
    }
  }
}
