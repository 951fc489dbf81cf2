package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.layer.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What the scheduler does next, on simulated links: no clock, no thread, no network.
@Timeout(300)
final class FetchQueueTest {
  private static final FetchPolicy POLICY =
      new FetchPolicy(512 << 10, 8 << 20, 64 << 20, 0, Duration.ofSeconds(30));

  private static final int SCENARIOS = 2000;
  private static final int MEGABYTE = 1_000_000;

  /// 200 Mbit/s and 20 ms.
  private final SimulatedLink link = new SimulatedLink(POLICY, 25 * MEGABYTE, 20);

  private static List<FetchClass> classes(SimulatedLink of) {
    return of.begun().stream().map(Batch::fetchClass).toList();
  }

  @Test
  void next_allClassesQueued_beginsTheMostUrgentFirst() {
    SimulatedLink.Layer layer = SimulatedLink.Layer.of("a", 200, 600_000);
    for (int i = 0; i < 8; i++) {
      link.claim(layer, i * 10, FetchClass.BACKGROUND); // fills what may be on its way
    }
    int before = link.begun().size();
    link.claim(layer, 160, FetchClass.LEARNED);
    link.claim(layer, 140, FetchClass.PREFETCH);
    link.claim(layer, 120, FetchClass.READAHEAD);
    link.drain();

    assertThat(classes(link).subList(before, before + 3))
        .containsExactly(FetchClass.READAHEAD, FetchClass.PREFETCH, FetchClass.LEARNED);
    assertThat(classes(link).subList(before + 3, link.begun().size()))
        .containsOnly(FetchClass.BACKGROUND);
  }

  @Test
  void next_readWhileTheBackgroundRuns_beginsAtOnceAndIsHardlyHeldUp() throws Exception {
    SimulatedLink.Layer other = SimulatedLink.Layer.of("background", 2000, 100_000);
    for (int i = 0; i < 2000; i++) {
      link.claim(other, i, FetchClass.BACKGROUND);
    }
    for (int i = 0; i < 500; i++) {
      link.step();
    }
    SimulatedLink.Layer layer = SimulatedLink.Layer.of("a", 10, 50_000);

    long start = link.now();
    Claim read = link.claim(layer, 0, FetchClass.READ);
    assertThat(link.begun().getLast().fetchClass()).isEqualTo(FetchClass.READ);
    link.await(read);

    long alone = Duration.ofMillis(20).toNanos() + 50_000 * 40L;
    assertThat(link.now() - start).isLessThan(3 * alone);
  }

  @Test
  void next_readOfAChunkThatIsQueuedForLater_movesItUp() throws Exception {
    SimulatedLink.Layer layer = SimulatedLink.Layer.of("a", 2000, 100_000);
    for (int i = 0; i < 2000; i++) {
      link.claim(layer, i, FetchClass.LEARNED);
    }

    long start = link.now();
    link.await(link.claim(layer, 1500, FetchClass.READ));

    assertThat(link.now() - start).isLessThan(Duration.ofMillis(100).toNanos());
    link.drain();
    assertThat(link.fetched().values()).containsOnly(1);
  }

  @Test
  void next_neighboursInAnyOrder_areOneRange() {
    SimulatedLink.Layer layer = SimulatedLink.Layer.of("a", 100, 1000);
    for (int i : new int[] {7, 5, 6, 9}) {
      link.queue().claim(layer, layer.chunks().get(i), name(layer, i), FetchClass.LEARNED, 0);
    }
    link.queue().claim(layer, layer.chunks().get(4), name(layer, 4), FetchClass.READ, 0);
    link.queue().claim(layer, layer.chunks().get(8), name(layer, 8), FetchClass.READAHEAD, 0);
    link.pump();

    assertThat(numbers(link.begun().get(0))).containsExactly(4, 5, 6, 7, 8); // as far as is urgent
    assertThat(numbers(link.begun().get(1))).containsExactly(9);
  }

  private static Want.Name name(SimulatedLink.Layer layer, int chunk) {
    return layer.nameOf(layer.chunks().get(chunk));
  }

  private static List<Integer> numbers(Batch batch) {
    return batch.wants().stream().map(want -> want.first().chunk().number()).toList();
  }

  @Test
  void next_aLargeGap_isNotDownloaded() {
    SimulatedLink.Layer layer = SimulatedLink.Layer.of("a", 100, 40_000);
    for (int i : new int[] {0, 4}) {
      link.queue().claim(layer, layer.chunks().get(i), name(layer, i), FetchClass.LEARNED, 0);
    }
    link.pump();

    assertThat(link.begun()).extracting(batch -> batch.range().length()).containsOnly(40_000L);
  }

  @Test
  void next_hostileGapBehindAMember_isNotDownloaded() {
    SimulatedLink.Layer layer =
        new SimulatedLink.Layer("a", List.of(Integer.MAX_VALUE / 4), List.of("x"), new HashSet<>());
    LayerChunk lie = layer.chunks().getFirst();
    LayerChunk small =
        new LayerChunk(0, lie.member(), 0, 0, 10, 0, lie.digest()); // 10 bytes in half a gigabyte
    link.queue().claim(layer, small, layer.nameOf(small), FetchClass.READ, 0);
    link.pump();

    assertThat(link.begun().getFirst().range().length()).isLessThan(2 << 20);
  }

  @Test
  void cancel_chunksThatOthersWantToo_staysTheirs() {
    SimulatedLink.Layer layer = SimulatedLink.Layer.of("a", 100, 3_000_000);
    link.claim(layer, 0, FetchClass.READ); // so that nothing else begins
    link.claim(layer, 10, FetchClass.READ);
    FetchTicket ticket = new FetchTicket(_ -> {});
    FetchTicket other = new FetchTicket(_ -> {});
    link.claim(layer, 50, FetchClass.LEARNED).tickets().add(ticket);
    Claim shared = link.claim(layer, 60, FetchClass.LEARNED);
    shared.tickets().add(ticket);
    shared.tickets().add(other);
    link.claim(layer, 70, FetchClass.LEARNED).tickets().add(ticket);
    link.claim(layer, 70, FetchClass.READAHEAD);

    List<Want> cancelled = link.queue().cancel(ticket);
    link.drain();

    assertThat(cancelled).hasSize(1);
    assertThat(layer.isHere(layer.chunks().get(50))).isFalse();
    assertThat(layer.isHere(layer.chunks().get(60))).isTrue();
    assertThat(layer.isHere(layer.chunks().get(70))).isTrue();
  }

  @Test
  void claim_queueIsFull_refusesAllButReads() {
    SimulatedLink.Layer layer = SimulatedLink.Layer.of("a", FetchQueue.MAX_QUEUED + 2, 10);
    for (int i = 0; i < FetchQueue.MAX_QUEUED; i++) {
      link.queue().claim(layer, layer.chunks().get(i), name(layer, i), FetchClass.LEARNED, 0);
    }
    int next = FetchQueue.MAX_QUEUED;

    assertThat(
            link.queue()
                .claim(layer, layer.chunks().get(next), name(layer, next), FetchClass.LEARNED, 0))
        .isEmpty();
    assertThat(
            link.queue()
                .claim(layer, layer.chunks().get(next), name(layer, next), FetchClass.READ, 0))
        .isPresent();
  }

  @Test
  void fail_anotherLayerListsTheChunk_isFetchedThroughThatOne() {
    Set<Want.Name> store = new HashSet<>();
    SimulatedLink.Layer one = new SimulatedLink.Layer("a", List.of(1000), List.of("same"), store);
    SimulatedLink.Layer other = new SimulatedLink.Layer("b", List.of(1000), List.of("same"), store);
    Claim first = link.claim(one, 0, FetchClass.READ);
    Claim second = link.claim(other, 0, FetchClass.READ);
    Batch batch = link.begun().getFirst();

    Optional<Claim> failed = link.queue().fail(batch.wants().getFirst());
    link.queue().ended(batch, link.now());
    link.pump();

    assertThat(failed).containsSame(first);
    assertThat(link.begun().getLast().layer()).isSameAs(other);
    assertThat(link.begun().getLast().wants().getFirst().first()).isSameAs(second);
  }

  /// The registry came back between the two attempts; the read began only then.
  @Test
  void fail_readJoinedWhatWasBegunForNobody_isTriedOnceMore() {
    SimulatedLink.Layer layer = SimulatedLink.Layer.of("a", 1, 1000);
    link.claim(layer, 0, FetchClass.READAHEAD);
    Claim read = link.claim(layer, 0, FetchClass.READ);

    fail(link.begun().getFirst());
    assertThat(classes(link)).containsExactly(FetchClass.READAHEAD, FetchClass.READ);
    assertThat(link.queue().fail(link.begun().get(1).wants().getFirst())).containsSame(read);
  }

  private void fail(Batch batch) {
    assertThat(link.queue().fail(batch.wants().getFirst())).isEmpty();
    link.queue().ended(batch, link.now());
    link.pump();
  }

  /// Two thousand nodes: every read is served, in the order of the classes, each chunk once, and
  /// never more on its way than the link needs.
  @Test
  void anything_onAnyLink_keepsTheRules() throws Exception {
    for (int seed = 0; seed < SCENARIOS; seed++) {
      new Scenario(seed).run();
    }
  }

  /// One node with a few layers, some of whose chunks are the same, and containers that read.
  private static final class Scenario {
    private final int seed;
    private final RandomGenerator random;
    private final SimulatedLink link;
    private final Set<Want.Name> store = new HashSet<>();
    private final List<SimulatedLink.Layer> layers = new ArrayList<>();
    private final Set<Want.Name> hereBefore;

    Scenario(int seed) {
      this.seed = seed;
      this.random = Seeds.generator(seed);
      long[] bandwidths = {500_000, 6 * MEGABYTE, 25 * MEGABYTE, 125 * MEGABYTE};
      long[] roundTrips = {1, 20, 100, 200};
      this.link =
          new SimulatedLink(POLICY, bandwidths[random.nextInt(4)], roundTrips[random.nextInt(4)]);
      for (int i = 0; i <= random.nextInt(3); i++) {
        layers.add(layer("layer" + i));
      }
      this.hereBefore = Set.copyOf(store);
    }

    private SimulatedLink.Layer layer(String name) {
      int count = 1 + random.nextInt(80);
      List<Integer> sizes = new ArrayList<>();
      List<String> contents = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        boolean common = random.nextInt(4) == 0;
        int content = random.nextInt(40);
        sizes.add(
            common
                ? 1000 * (1 + content)
                : random.nextInt(20) == 0 ? 1_500_000 : 500 + random.nextInt(40_000));
        contents.add(common ? "common" + content : name + i);
      }
      SimulatedLink.Layer layer = new SimulatedLink.Layer(name, sizes, contents, store);
      layer.chunks().stream().filter(_ -> random.nextInt(5) == 0).forEach(layer::keep);
      return layer;
    }

    void run() throws Exception {
      List<Claim> reads = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        SimulatedLink.Layer layer = layers.get(random.nextInt(layers.size()));
        int chunk = random.nextInt(layer.chunks().size());
        switch (random.nextInt(6)) {
          case 0, 1 -> reads.add(read(layer, chunk));
          case 2 -> many(layer, chunk, FetchClass.READAHEAD);
          case 3 -> many(layer, chunk, FetchClass.LEARNED);
          case 4 -> many(layer, 0, FetchClass.BACKGROUND);
          default -> link.become(500_000L * (1 + random.nextInt(50)), 1 + random.nextInt(300));
        }
        for (int step = random.nextInt(30); step > 0; step--) {
          link.step();
          check();
        }
      }
      for (Claim read : reads) {
        link.await(read);
      }
      link.drain();
      assertThat(link.queue().queued()).as("seed %d", seed).isZero();
      assertThat(link.queue().inFlight()).as("seed %d", seed).isZero();
      assertThat(link.fetched().values()).as("seed %d", seed).allMatch(times -> times == 1);
      assertThat(link.fetched().keySet()).as("seed %d", seed).noneMatch(hereBefore::contains);
    }

    /// A read begins at once, whatever else is under way, unless its chunk is under way itself or
    /// is here.
    private Claim read(SimulatedLink.Layer layer, int chunk) {
      LayerChunk of = layer.chunks().get(chunk);
      boolean here = layer.isHere(of);
      Claim claim = link.claim(layer, chunk, FetchClass.READ);
      if (here) {
        claim.flight().placed(Flight.Place.STORE);
      } else {
        assertThat(link.fetched())
            .as("seed %d: chunk %d of %s", seed, chunk, layer.digest())
            .containsKey(layer.nameOf(of));
      }
      return claim;
    }

    private void many(SimulatedLink.Layer layer, int from, FetchClass fetchClass) {
      int to = Math.min(layer.chunks().size(), from + 1 + random.nextInt(40));
      for (int i = from; i < to; i++) {
        LayerChunk of = layer.chunks().get(i);
        link.queue().claim(layer, of, layer.nameOf(of), fetchClass, link.now());
      }
      link.pump();
    }

    private void check() {
      long most = POLICY.maxInFlight() + 2 * MEGABYTE;
      assertThat(link.queue().inFlight()).as("seed %d", seed).isBetween(0L, most);
      assertThat(link.queue().running())
          .as("seed %d", seed)
          .isLessThanOrEqualTo(FetchQueue.MAX_RUNNING);
    }
  }
}
