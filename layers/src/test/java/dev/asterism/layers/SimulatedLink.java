package dev.asterism.layers;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// A link with virtual time below a [FetchQueue]: what is asked for arrives a round trip later, and
/// all ranges under way share the bandwidth.
///
/// Deterministic; nothing waits. Confined to one thread.
final class SimulatedLink {
  private static final long MILLISECOND = 1_000_000;
  private static final int BLOCK = 16 << 10; // 16 KiB

  private final UnderWay everywhere;
  private final FetchQueue queue;
  private final List<Running> running = new ArrayList<>();
  private final List<Batch> begun = new ArrayList<>();
  private final Map<Want.Name, Integer> fetched = new HashMap<>();
  private long bytesPerSecond;
  private long roundTrip;
  private long now = 1_000_000 * MILLISECOND;
  private long starved;
  private int turn;

  /// When something urgent was last done, on this link or on others of its node.
  private final AtomicLong quietSince;

  private Consumer<Batch> begins = _ -> {};
  private Consumer<Want> lands = _ -> {};

  SimulatedLink(FetchPolicy policy, long bytesPerSecond, long roundTripMillis) {
    this(policy, bytesPerSecond, roundTripMillis, new AtomicLong(), new UnderWay());
  }

  private SimulatedLink(
      FetchPolicy policy,
      long bytesPerSecond,
      long roundTripMillis,
      AtomicLong quietSince,
      UnderWay everywhere) {
    this.everywhere = everywhere;
    this.queue = new FetchQueue(policy, everywhere, new ArrayDeque<>());
    this.quietSince = quietSince;
    become(bytesPerSecond, roundTripMillis);
  }

  /// Returns the way to another registry of the same node.
  SimulatedLink beside(FetchPolicy policy, long newBytesPerSecond, long newRoundTripMillis) {
    SimulatedLink other =
        new SimulatedLink(policy, newBytesPerSecond, newRoundTripMillis, quietSince, everywhere);
    other.now = now;
    return other;
  }

  /// From now on tells of every range when it begins, and of every chunk that was here when its
  /// turn came.
  void watch(Consumer<Batch> range, Consumer<Want> landed) {
    begins = range;
    lands = landed;
  }

  /// A range under way.
  private static final class Running {
    private final Batch batch;
    private final long asked;
    private long from;

    /// Is told of what fails when it is given up; there if nothing more comes.
    private Optional<BiConsumer<Want, Optional<Claim>>> dies = Optional.empty();

    private long came;
    private int done;

    Running(Batch batch, long asked, long from) {
      this.batch = batch;
      this.asked = asked;
      this.from = from;
    }
  }

  /// Changes what the link is like from now on.
  void become(long newBytesPerSecond, long newRoundTripMillis) {
    bytesPerSecond = newBytesPerSecond;
    roundTrip = newRoundTripMillis * MILLISECOND;
  }

  FetchQueue queue() {
    return queue;
  }

  long now() {
    return now;
  }

  /// Returns every range that was asked for, in order.
  List<Batch> begun() {
    return begun;
  }

  /// Returns how often each chunk was asked for.
  Map<Want.Name, Integer> fetched() {
    return fetched;
  }

  /// Returns for how many nanoseconds nothing came though something was wanted.
  long starved() {
    return starved;
  }

  long quietSince() {
    return quietSince.get();
  }

  /// Lets the time pass until another link's.
  void passUntil(long then) {
    now = Math.max(now, then);
  }

  /// Tells whether a chunk is being fetched that was asked for after a time.
  boolean isUnderWay(Want.Name name, long after) {
    return running.stream()
        .flatMap(each -> each.batch.wants().stream())
        .anyMatch(want ->
            want.state() == Want.State.RUNNING
                && want.startedAt() > after
                && want.name().equals(name));
  }

  /// Returns bytes that the link carries in a round trip.
  long product() {
    return bytesPerSecond * (roundTrip / MILLISECOND) / 1000;
  }

  Claim claim(Layer layer, int chunk, FetchClass fetchClass) {
    LayerChunk of = layer.chunks().get(chunk);
    Claim claim = queue.claim(layer, of, layer.nameOf(of), fetchClass, now).orElseThrow();
    pump();
    return claim;
  }

  /// Starts what there is room for.
  void pump() {
    for (Want want : queue.takeUp(now)) {
      for (Claim claim : want.claims()) {
        if (claim.layer().isHere(claim.chunk())) {
          claim.flight().placed(Flight.Place.STORE);
        }
      }
    }
    List<Want> landed = new ArrayList<>();
    for (Optional<Batch> next = queue.next(now, quietSince.get(), landed);
        next.isPresent();
        next = queue.next(now, quietSince.get(), landed)) {
      Batch batch = next.get();
      begun.add(batch);
      batch.wants().forEach(want -> fetched.merge(want.name(), 1, Integer::sum));
      running.add(new Running(batch, now, now + roundTrip));
      land(landed);
      begins.accept(batch);
      if (batch.isUrgent()) {
        noteUrgent();
      }
    }
    land(landed);
  }

  private void land(List<Want> landed) {
    for (Want want : landed) {
      lands.accept(want);
      want.claims().forEach(claim -> claim.flight().placed(Flight.Place.STORE));
    }
    landed.clear();
  }

  /// Lets one block arrive, or time pass until one can.
  ///
  /// @return false if nothing is under way and nothing can begin
  boolean step() {
    if (running.isEmpty()) {
      if (queue.queued() == 0) {
        return false;
      }
      now += FetchQueue.QUIET;
      pump();
      return true;
    }
    List<Running> arriving = running.stream().filter(each -> each.from <= now).toList();
    if (arriving.isEmpty()) {
      long next = running.stream().mapToLong(each -> each.from).min().getAsLong();
      starved += queue.queued() > 0 ? next - now : 0;
      now = next;
      return true;
    }
    Running next = arriving.get(turn++ % arriving.size());
    if (next.dies.isPresent()) {
      breakOff(running.indexOf(next), next.dies.get());
      return true;
    }
    long bytes = Math.min(BLOCK, next.batch.range().length() - next.came);
    now += Math.max(1, bytes * 1_000_000_000 / bytesPerSecond);
    if (next.came == 0) {
      queue.answered(now - next.asked, now);
    }
    next.came += bytes;
    queue.arrived(next.batch, bytes, now);
    if (!next.batch.canWait()) { // as Link does
      noteUrgent();
    }
    settle(next);
    pump();
    return true;
  }

  private void noteUrgent() {
    quietSince.accumulateAndGet(now, Math::max);
  }

  /// Breaks a range that is under way: what has not come of it fails.
  ///
  /// @param failed is told of each chunk that fails, and of the claim whose readers get the error,
  ///   if any do
  void breakOff(int which, BiConsumer<Want, Optional<Claim>> failed) {
    Running broken = running.remove(which);
    List<Want> wants = broken.batch.wants();
    for (Want want : wants.subList(broken.done, wants.size())) {
      failed.accept(want, queue.fail(want));
    }
    queue.ended(broken.batch, now);
    pump();
  }

  /// Lets nothing more come of a range that is under way; it is given up after a time.
  ///
  /// @param failed as for [#breakOff]
  void die(int which, long nanos, BiConsumer<Want, Optional<Claim>> failed) {
    Running dying = running.get(which);
    if (dying.dies.isEmpty()) {
      dying.from = now + nanos;
      dying.dies = Optional.of(failed);
    }
  }

  private void settle(Running of) {
    long position = of.batch.range().start() + of.came;
    List<Want> wants = of.batch.wants();
    while (of.done < wants.size() && Batch.needed(wants.get(of.done).first().chunk()) <= position) {
      Want want = wants.get(of.done++);
      for (Claim claim : want.claims()) {
        ((Layer) claim.layer()).keep(claim.chunk());
        claim.flight().placed(Flight.Place.STORE);
      }
      queue.end(want);
    }
    if (of.came == of.batch.range().length()) {
      queue.ended(of.batch, now);
      running.remove(of);
    }
  }

  /// Lets everything arrive over two links of a node.
  static void drain(SimulatedLink one, SimulatedLink other) {
    while (true) {
      SimulatedLink behind = one.now <= other.now ? one : other;
      SimulatedLink ahead = behind == one ? other : one;
      if (!behind.step()) {
        behind.passUntil(ahead.now + FetchQueue.QUIET);
        if (!ahead.step()) {
          return;
        }
      }
    }
  }

  /// Lets everything arrive.
  void drain() {
    while (step()) {
      // until nothing is left
    }
  }

  /// Lets time pass until a flight is over.
  void await(Claim claim) throws IOException {
    while (!isOver(claim)) {
      if (!step()) {
        throw new IOException("nothing is under way, and the chunk has not come");
      }
    }
  }

  static boolean isOver(Claim claim) {
    try {
      claim.flight().place(Deadline.in(Duration.ZERO));
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  /// A layer whose chunks lie one after the other, each in a member of its own.
  static final class Layer implements FetchTarget {
    private final Digest digest;
    private final List<LayerChunk> chunks = new ArrayList<>();
    private final Set<Want.Name> store;
    private boolean wholesale;

    /// @param sizes of the members, compressed
    /// @param contents names what each chunk holds: equal ones are one chunk to the store
    /// @param store what the node has, of whatever layer
    Layer(String name, List<Integer> sizes, List<String> contents, Set<Want.Name> store) {
      this.digest = Digest.of(name.getBytes(StandardCharsets.UTF_8));
      this.store = store;
      long at = 0;
      for (int i = 0; i < sizes.size(); i++) {
        chunks.add(
            new LayerChunk(
                i,
                new ByteRange(at, at + sizes.get(i)),
                0,
                0,
                3 * sizes.get(i),
                i,
                Optional.of(Digest.of(contents.get(i).getBytes(StandardCharsets.UTF_8)))));
        at += sizes.get(i);
      }
    }

    /// Returns one whose chunks are like no other's.
    static Layer of(String name, int chunks, int size) {
      List<String> contents = new ArrayList<>();
      for (int i = 0; i < chunks; i++) {
        contents.add(name + i);
      }
      return new Layer(name, Collections.nCopies(chunks, size), contents, new HashSet<>());
    }

    List<LayerChunk> chunks() {
      return chunks;
    }

    void keep(LayerChunk chunk) {
      store.add(nameOf(chunk));
    }

    @Override
    public Digest digest() {
      return digest;
    }

    @Override
    public Blob blob() {
      throw new UnsupportedOperationException("nothing is read");
    }

    /// From now on all of it is wanted.
    void becomeWholesale() {
      wholesale = true;
    }

    @Override
    public boolean isWholesale() {
      return wholesale;
    }

    @Override
    public boolean isHere(LayerChunk chunk) {
      return store.contains(nameOf(chunk));
    }

    @Override
    public Want.Name nameOf(LayerChunk chunk) {
      return Want.Name.of(this, chunk, true);
    }

    @Override
    public void land(LayerChunk chunk, Flight flight) {
      flight.placed(Flight.Place.STORE);
    }

    @Override
    public VerifiedChunk verify(LayerChunk chunk, byte[] bytes) {
      return VerifiedChunk.of(bytes);
    }

    @Override
    public Flight.Place place(LayerChunk chunk, VerifiedChunk bytes, FetchClass wanted) {
      return Flight.Place.STORE;
    }

    @Override
    public void arrived(LayerChunk chunk, VerifiedChunk bytes, FetchClass wanted) {}

    @Override
    public void failed(LayerChunk chunk, IOException cause, FetchClass wanted) {}

    @Override
    public void fetched(FetchedRange range) {}
  }
}
