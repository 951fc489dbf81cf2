package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// What a [FetchQueue] promises, checked from outside: it is told of everything that is asked for
/// and looks at every range that begins. Confined to one thread.
final class FetchRules {
  private final SimulatedLink link;
  private final FetchPolicy policy;
  private final Set<Want.Name> store;
  private final String node;

  /// What was asked for and has neither begun nor been given up.
  private final Map<Want.Name, Asked> waiting = new HashMap<>();

  private final Map<Want.Name, Integer> failures = new HashMap<>();
  private final Map<Want.Name, Integer> askedAnew = new HashMap<>();
  private final Set<Want.Name> hereBefore;
  private final List<SimulatedLink> beside = new ArrayList<>();

  /// @param store what the node has
  /// @param node names it in errors
  FetchRules(SimulatedLink link, FetchPolicy policy, Set<Want.Name> store, String node) {
    this.link = link;
    this.policy = policy;
    this.store = store;
    this.node = node;
    this.hereBefore = Set.copyOf(store);
    link.watch(this::began, this::landed);
  }

  /// Is told of another link of the node.
  void beside(SimulatedLink other) {
    beside.add(other);
  }

  /// Why a chunk is wanted, and by whom through each claim to it.
  private static final class Asked {
    private FetchClass fetchClass = FetchClass.BACKGROUND;
    private final Set<Claim> claims = new HashSet<>();
  }

  /// Asks for a chunk, without beginning anything.
  Claim ask(SimulatedLink.Layer layer, LayerChunk chunk, FetchClass fetchClass) {
    Want.Name name = layer.nameOf(chunk);
    boolean underWay = link.queue().isActive(name) && !waiting.containsKey(name);
    int queued = link.queue().queued();
    Claim claim = link.queue().claim(layer, chunk, name, fetchClass, link.now()).orElseThrow();
    boolean anew = underWay && link.queue().queued() > queued;
    if (anew) {
      askedAnew.merge(name, 1, Integer::sum);
    }
    if (!underWay || anew) {
      Asked asked = waiting.computeIfAbsent(name, _ -> new Asked());
      asked.claims.add(claim);
      if (fetchClass.isBefore(asked.fetchClass)) {
        asked.fetchClass = fetchClass;
      }
    }
    return claim;
  }

  /// Lets a layer go: what only that wanted and no read waits for is wanted no more, and nothing
  /// else.
  void cancel(SimulatedLink.Layer layer) {
    Set<Want.Name> expected =
        waiting.entrySet().stream()
            .filter(each -> each.getValue().fetchClass != FetchClass.READ)
            .filter(each ->
                each.getValue().claims.stream().allMatch(claim -> claim.layer().equals(layer)))
            .map(Map.Entry::getKey)
            .collect(Collectors.toSet());
    Set<Want.Name> cancelled =
        link.queue().cancel(layer).stream().map(Want::name).collect(Collectors.toSet());
    assertThat(cancelled).as(node).isEqualTo(expected);
    waiting.keySet().removeAll(cancelled);
  }

  /// Notes that a chunk's range broke; `through` is the claim whose readers get the error.
  ///
  /// If somebody has asked anew meanwhile, who is left waits for that.
  void failed(Want want, boolean again, Optional<Claim> through) {
    failures.merge(want.name(), 1, Integer::sum);
    Set<Claim> left = new HashSet<>(want.claims());
    if (again) {
      assertThat(through.map(left::contains).orElse(false)).as(node).isFalse();
      waiting.put(want.name(), new Asked());
    } else {
      through.ifPresent(left::remove);
    }
    Asked asked = waiting.get(want.name());
    if (asked != null && !left.isEmpty()) {
      asked.claims.addAll(left);
      if (want.fetchClass().isBefore(asked.fetchClass)) {
        asked.fetchClass = want.fetchClass();
      }
    }
  }

  private void landed(Want want) {
    assertThat(waiting.remove(want.name())).as("%s: not asked for", node).isNotNull();
    assertThat(store).as("%s: is not here", node).contains(want.name());
  }

  private void began(Batch batch) {
    List<Want> wants = batch.wants();
    FetchClass of = batch.fetchClass();
    for (Want want : wants) {
      assertThat(waiting.remove(want.name())).as("%s: not asked for", node).isNotNull();
      assertThat(store).as("%s: is here", node).doesNotContain(want.name());
    }
    assertThat(wants.stream().map(Want::fetchClass)).as("%s: class", node).contains(of);
    assertThat(mostUrgent().filter(other -> other.isBefore(of)))
        .as("%s: waits while %s begins", node, of)
        .isEmpty();
    FetchClass last = wants.getLast().fetchClass();
    assertThat(of == FetchClass.READ ? last.isUrgent() : !of.isBefore(last))
        .as("%s: %s ends with %s", node, of, last)
        .isTrue();
    checkRoom(batch, of);
    checkLength(batch, of);
    wants.forEach(this::checkElsewhere);
  }

  /// What nobody waits for is left to a link that has it on its way.
  private void checkElsewhere(Want want) {
    if (!want.fetchClass().isUrgent()) {
      long after = link.now() - FetchQueue.patience(want.fetchClass());
      assertThat(beside)
          .as("%s: %s", node, want.fetchClass())
          .noneMatch(other -> other.isUnderWay(want.name(), after));
    }
  }

  private Optional<FetchClass> mostUrgent() {
    return waiting.entrySet().stream()
        .filter(each -> !store.contains(each.getKey())) // that is over when its turn comes
        .filter(each -> !link.queue().isPostponed(each.getKey()))
        .map(each -> each.getValue().fetchClass)
        .min(FetchClass::compareTo);
  }

  private void checkRoom(Batch batch, FetchClass of) {
    FetchQueue queue = link.queue();
    long before = queue.inFlight() - batch.range().length();
    long product = queue.meter().product();
    long depth = Math.max(3 * product / 2, policy.quantum());
    boolean whole = batch.layer().isWholesale();
    int running = queue.running() - 1;
    switch (of) {
      case READ -> {
        assertThat(running).as(node).isLessThan(FetchQueue.MAX_RUNNING);
        assertThat(before).as(node).isLessThan(policy.maxInFlight());
      }
      case READAHEAD -> assertThat(before).as("%s: %s", node, of).isLessThan(depth);
      case PREFETCH, LEARNED, GUESS ->
          assertThat(before)
              .as("%s: %s beside %d reads", node, of, queue.runningReads())
              .isLessThan(
                  queue.runningReads() > 0
                      ? product
                      : whole ? Math.max(3 * product, policy.quantum()) : depth);
      case BACKGROUND -> {
        assertThat(before).as("%s: %s", node, of).isLessThan(depth);
        assertThat(queue.isUrgent()).as(node).isFalse();
        assertThat(link.now() - link.quietSince())
            .as(node)
            .isGreaterThanOrEqualTo(FetchQueue.QUIET);
      }
    }
    if (of != FetchClass.READ) {
      assertThat(running).as(node).isLessThan(FetchQueue.MAX_RUNNING_UNASKED);
    }
  }

  private void checkLength(Batch batch, FetchClass of) {
    LayerChunk first = batch.wants().getFirst().first().chunk();
    long product = link.queue().meter().product();
    long most =
        batch.layer().isWholesale() && of != FetchClass.READ
            ? policy.maxWindow()
            : Math.max(policy.quantum(), product / 3);
    assertThat(batch.range().length())
        .as("%s: length", node)
        .isLessThanOrEqualTo(Math.max(most, first.member().length()));
  }

  /// Checks what holds between any two events.
  void check() {
    FetchQueue queue = link.queue();
    assertThat(queue.inFlight()).as(node).isGreaterThanOrEqualTo(0);
    assertThat(queue.running()).as(node).isLessThanOrEqualTo(FetchQueue.MAX_RUNNING);
    if (queue.running() == 0) {
      assertThat(mostUrgent().filter(other -> other != FetchClass.BACKGROUND))
          .as("%s: waits though nothing is under way", node)
          .isEmpty();
    }
  }

  /// Checks what holds when everything has come.
  void checkEnd() {
    assertThat(link.queue().queued()).as(node).isZero();
    assertThat(link.queue().inFlight()).as(node).isZero();
    assertThat(mostUrgent()).as("%s: never served", node).isEmpty();
    link.fetched()
        .forEach((name, times) ->
            assertThat(times)
                .as("%s: fetched", node)
                .isLessThanOrEqualTo(
                    1 + failures.getOrDefault(name, 0) + askedAnew.getOrDefault(name, 0)));
    assertThat(link.fetched().keySet()).as(node).noneMatch(hereBefore::contains);
  }
}
