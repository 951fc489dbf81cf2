package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What the scheduler does next, on simulated links: no clock, no thread, no network.
@Timeout(300)
final class FetchQueueTest {
  static final FetchPolicy POLICY =
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

  /// What was begun for nobody is a read's range as soon as one waits for it: the rest gives way.
  @Test
  void claim_readOfAChunkUnderWay_countsAsAReadUntilItsRangeEnds() {
    SimulatedLink.Layer layer = SimulatedLink.Layer.of("a", 4, 100_000);
    link.claim(layer, 0, FetchClass.BACKGROUND);
    Batch range = link.begun().getFirst();
    assertThat(range.canWait()).isTrue();
    assertThat(link.queue().runningReads()).isZero();

    for (int i = 0; i < 2; i++) { // another read of the same changes nothing
      link.claim(layer, 0, FetchClass.READ);
      assertThat(range.canWait()).isFalse();
      assertThat(link.queue().runningReads()).isEqualTo(1);
      assertThat(link.queue().isUrgent()).isTrue();
    }
    link.claim(layer, 3, FetchClass.BACKGROUND);
    assertThat(link.begun()).hasSize(1); // waits for silence

    link.drain();
    assertThat(link.begun()).hasSize(2);
    assertThat(link.queue().runningReads()).isZero();
    assertThat(link.queue().isUrgent()).isFalse();
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

  /// Two layers of other hosts that list the same.
  private final Set<Want.Name> store = new HashSet<>();

  private SimulatedLink.Layer alike(String name, int chunks, int size) {
    List<String> contents =
        IntStream.range(0, chunks).mapToObj(chunk -> "common " + chunk).toList();
    return new SimulatedLink.Layer(name, Collections.nCopies(chunks, size), contents, store);
  }

  @ParameterizedTest
  @EnumSource(
      value = FetchClass.class,
      names = {"PREFETCH", "LEARNED", "GUESS", "BACKGROUND"})
  void next_theSameForTwoHostsAtOnce_isFetchedOnce(FetchClass of) {
    SimulatedLink other = link.beside(POLICY, 6 * MEGABYTE, 100);
    SimulatedLink.Layer here = alike("here", 300, 30_000);
    SimulatedLink.Layer there = alike("there", 300, 30_000);
    List<Claim> claims = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      claims.add(link.claim(here, i, of));
      claims.add(other.claim(there, i, of));
    }
    SimulatedLink.drain(link, other);

    assertThat(claims).allMatch(SimulatedLink::isOver);
    assertThat(link.fetched().values()).containsOnly(1);
    assertThat(other.fetched().values()).containsOnly(1);
    assertThat(link.fetched().keySet()).doesNotContainAnyElementsOf(other.fetched().keySet());
    assertThat(link.fetched().size() + other.fetched().size()).isEqualTo(300);
  }

  @ParameterizedTest
  @EnumSource(
      value = FetchClass.class,
      names = {"PREFETCH", "BACKGROUND"})
  void next_theOtherHostIsDead_isFetchedHereAfterAWhile(FetchClass of) throws Exception {
    SimulatedLink dead = link.beside(POLICY, 6 * MEGABYTE, 100);
    Claim _ = dead.claim(alike("there", 10, 30_000), 0, FetchClass.PREFETCH);
    SimulatedLink.Layer here = alike("here", 10, 30_000);
    long start = link.now();
    Claim claim = link.claim(here, 0, of);
    assertThat(link.begun()).isEmpty();
    link.await(claim);

    assertThat(link.now() - start)
        .isGreaterThanOrEqualTo(FetchQueue.patience(of))
        .isLessThan(FetchQueue.patience(of) + Duration.ofMillis(400).toNanos());
  }

  @Test
  void next_theOtherHostFails_isFetchedHereAtOnce() throws Exception {
    SimulatedLink other = link.beside(POLICY, 6 * MEGABYTE, 100);
    Claim _ = other.claim(alike("there", 10, 30_000), 0, FetchClass.PREFETCH);
    Claim claim = link.claim(alike("here", 10, 30_000), 0, FetchClass.PREFETCH);
    other.breakOff(0, (_, _) -> {});
    link.pump();

    assertThat(link.begun()).hasSize(1);
    link.await(claim);
  }

  @Test
  void next_readOfWhatAnotherHostBrings_beginsAtOnceAndIsOverWithTheFirst() {
    link.become(500_000, 20);
    SimulatedLink other = link.beside(POLICY, 25 * MEGABYTE, 20);
    Claim _ = other.claim(alike("there", 10, 1_000_000), 0, FetchClass.PREFETCH);
    SimulatedLink.Layer here = alike("here", 10, 1_000_000);
    Claim _ = link.claim(here, 0, FetchClass.PREFETCH);
    assertThat(link.begun()).isEmpty();

    Claim read = link.claim(here, 0, FetchClass.READ);

    assertThat(classes(link)).containsExactly(FetchClass.READ);
    other.drain();
    assertThat(SimulatedLink.isOver(read)).isFalse();
    link.pump();
    assertThat(SimulatedLink.isOver(read)).isTrue();
    link.drain();
  }

  @Test
  void cancel_whatIsLeftToAnotherHost_isOver() {
    SimulatedLink other = link.beside(POLICY, 6 * MEGABYTE, 100);
    Claim _ = other.claim(alike("there", 10, 30_000), 0, FetchClass.PREFETCH);
    SimulatedLink.Layer here = alike("here", 10, 30_000);
    Claim _ = link.claim(here, 0, FetchClass.PREFETCH);
    assertThat(link.queue().queued()).isEqualTo(1);

    assertThat(link.queue().cancel(here)).hasSize(1);

    assertThat(link.queue().queued()).isZero();
    other.drain();
    link.drain();
    assertThat(link.begun()).isEmpty();
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
  void cancel_whatOthersWantToo_staysTheirs() {
    SimulatedLink.Layer layer = alike("a", 100, 3_000_000);
    SimulatedLink.Layer other = alike("b", 100, 3_000_000);
    for (int i = 0; i < FetchQueue.MAX_RUNNING; i++) {
      link.claim(layer, i, FetchClass.READ); // so that nothing else begins
    }
    link.claim(layer, 50, FetchClass.LEARNED);
    link.claim(layer, 60, FetchClass.LEARNED);
    link.claim(other, 60, FetchClass.LEARNED);
    link.claim(layer, 70, FetchClass.LEARNED);
    link.claim(layer, 70, FetchClass.READ);

    List<Want> cancelled = link.queue().cancel(layer);
    link.drain();

    assertThat(cancelled).extracting(want -> want.first().chunk().number()).containsExactly(50);
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

  /// The registry is silent, every connection waits, and somebody has asked anew: what is owed to
  /// the first reader must not take the place of that in the queue.
  @Test
  void fail_somebodyHasAskedAnewMeanwhile_waitsForThat() throws Exception {
    SimulatedLink.Layer layer = SimulatedLink.Layer.of("a", 15, 1 << 20);
    Claim guess = link.claim(layer, 0, FetchClass.READAHEAD);
    Claim first = link.claim(layer, 0, FetchClass.READ);
    for (int i = 1; i < 14; i++) {
      Claim _ = link.claim(layer, i, FetchClass.READ);
    }
    assertThat(link.queue().running()).isEqualTo(14);
    Batch silent = link.begun().getFirst();
    long late = link.now() + POLICY.patience().toNanos();
    Claim anew =
        link.queue()
            .claim(layer, layer.chunks().getFirst(), name(layer, 0), FetchClass.READ, late)
            .orElseThrow();
    assertThat(anew).isNotSameAs(first);

    assertThat(link.queue().fail(silent.wants().getFirst())).isEmpty();

    assertThat(link.queue().queued()).isEqualTo(1);
    link.queue().ended(silent, link.now());
    link.pump();
    Want want = link.begun().getLast().wants().getFirst();
    assertThat(want.claims()).containsExactly(anew, first).contains(guess);
  }

  /// As the other, but what was asked for anew is over when the first attempt fails.
  @Test
  void fail_whatWasAskedForAnewIsOver_isQueuedOnce() {
    SimulatedLink.Layer layer = SimulatedLink.Layer.of("a", 1, 1000);
    Claim _ = link.claim(layer, 0, FetchClass.READAHEAD);
    Claim first = link.claim(layer, 0, FetchClass.READ);
    Batch silent = link.begun().getFirst();
    long late = link.now() + POLICY.patience().toNanos();
    FetchQueue queue = link.queue();
    Claim _ =
        queue
            .claim(layer, layer.chunks().getFirst(), name(layer, 0), FetchClass.READ, late)
            .orElseThrow();
    link.pump();
    Batch second = link.begun().getLast();
    queue.end(second.wants().getFirst());
    queue.ended(second, link.now());

    assertThat(queue.fail(silent.wants().getFirst())).isEmpty();

    assertThat(queue.claim(layer, layer.chunks().getFirst(), name(layer, 0), FetchClass.READ, late))
        .containsSame(first);
    assertThat(queue.queued()).isEqualTo(1);
  }

  private void fail(Batch batch) {
    assertThat(link.queue().fail(batch.wants().getFirst())).isEmpty();
    link.queue().ended(batch, link.now());
    link.pump();
  }

  /// Two thousand nodes: every read is served, in the order of the classes, each chunk once, and
  /// never more on its way than the link needs.
  @Test
  void anything_onAnyLink_keepsTheRules() {
    for (int seed = 0; seed < SCENARIOS; seed++) {
      new FetchScenario(seed).run();
    }
  }

  /// However fast and far the registry is, something is always coming while something is missing.
  @ParameterizedTest
  @EnumSource(names = {"READAHEAD", "PREFETCH", "LEARNED", "BACKGROUND"})
  void next_anyBandwidthAndRoundTrip_keepsTheLinkBusy(FetchClass fetchClass) {
    for (long megabits : new long[] {50, 200, 1000}) {
      for (long millis : new long[] {1, 10, 50, 200}) {
        SimulatedLink far = new SimulatedLink(POLICY, megabits * MEGABYTE / 8, millis);
        int chunks = (int) Math.max(1000, 60 * far.product() / 40_000);
        SimulatedLink.Layer layer = SimulatedLink.Layer.of("a", chunks, 40_000);
        for (int i = 0; i < chunks; i++) {
          LayerChunk chunk = layer.chunks().get(i);
          far.queue().claim(layer, chunk, name(layer, i), fetchClass, far.now());
        }
        long begin = far.now();
        far.pump();
        while (far.now() - begin < 20 * Duration.ofMillis(millis).toNanos() && far.step()) {
          // until the link is known
        }
        long known = far.now();
        long before = far.starved();
        while (far.queue().queued() > 0 && far.step()) {
          // until nothing is left to ask for
        }

        assertThat(far.now() - known).isPositive();
        assertThat((double) (far.starved() - before) / (far.now() - known))
            .as("%d Mbit/s and %d ms", megabits, millis)
            .isLessThan(0.1);
      }
    }
  }

  /// What is on its way stands before the next read: it is no more than the link carries in two
  /// round trips, and no more than memory is there for.
  @Test
  void next_farAndFastRegistry_asksForNoMoreThanItCarries() {
    SimulatedLink far = new SimulatedLink(POLICY, 125 * MEGABYTE, 200);
    SimulatedLink.Layer layer = SimulatedLink.Layer.of("a", 6000, 40_000);
    far.watch(
        _ ->
            assertThat(far.queue().inFlight())
                .isLessThan(2 * Math.max(far.queue().meter().product(), POLICY.quantum())),
        _ -> {});
    for (int i = 0; i < 6000; i++) {
      far.claim(layer, i, FetchClass.LEARNED);
    }
    far.drain();
  }
}
