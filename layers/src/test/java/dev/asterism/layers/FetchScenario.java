package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.layer.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;

/// One node with a few layers, some of whose chunks are the same, from one registry or two, of
/// which one may be dead; containers that read, and all that is fetched for them unasked; ranges
/// that break or fall silent, and layers that go.
final class FetchScenario {

  private static final int MEGABYTE = 1_000_000;
  private static final int EVENTS = 50;

  private final String name;
  private final RandomGenerator random;

  /// With little patience what is under way is asked for anew when it does not come: then a chunk
  /// is asked for twice, and what is left of the first attempt joins the second.
  private final FetchPolicy policy;

  private final Set<Want.Name> store = new HashSet<>();
  private final List<Host> hosts = new ArrayList<>();
  private final Set<Claim> failed = new HashSet<>();

  FetchScenario(int seed) {
    this.name = "seed " + seed;
    this.random = Seeds.generator(seed);
    this.policy =
        new FetchPolicy(
            512 << 10,
            8 << 20,
            64 << 20,
            0,
            random.nextInt(3) == 0 ? Duration.ofMillis(200) : Duration.ofDays(1));
    List<SimulatedLink> links = links();
    List<List<SimulatedLink.Layer>> layers = links.stream().map(_ -> layers(links)).toList();
    for (int i = 0; i < links.size(); i++) {
      hosts.add(
          new Host(
              links.get(i),
              new FetchRules(links.get(i), policy, store, name + " host " + i),
              layers.get(i),
              new ArrayList<>(),
              i == 1 && random.nextBoolean()));
    }
    for (Host host : hosts) {
      hosts.stream()
          .filter(other -> !other.link.equals(host.link))
          .forEach(o -> host.rules.beside(o.link));
    }
  }

  /// A registry.
  ///
  /// @param reads that were made
  /// @param dead whether nothing ever comes from there
  private record Host(
      SimulatedLink link,
      FetchRules rules,
      List<SimulatedLink.Layer> layers,
      List<Claim> reads,
      boolean dead) {}

  private List<SimulatedLink> links() {
    long[] bandwidths = {500_000, 6 * MEGABYTE, 25 * MEGABYTE, 125 * MEGABYTE};
    long[] roundTrips = {1, 20, 100, 200};
    List<SimulatedLink> links = new ArrayList<>();
    links.add(
        new SimulatedLink(policy, bandwidths[random.nextInt(4)], roundTrips[random.nextInt(4)]));
    if (random.nextInt(3) == 0) {
      links.add(
          links
              .getFirst()
              .beside(policy, bandwidths[random.nextInt(4)], roundTrips[random.nextInt(4)]));
    }
    return links;
  }

  private List<SimulatedLink.Layer> layers(List<SimulatedLink> links) {
    List<SimulatedLink.Layer> layers = new ArrayList<>();
    for (int i = 0; i <= random.nextInt(3); i++) {
      layers.add(layer("layer%d of %d of %d".formatted(i, random.nextInt(1000), links.size())));
    }
    return layers;
  }

  private SimulatedLink.Layer layer(String of) {
    int count = 1 + random.nextInt(random.nextInt(8) == 0 ? 400 : 80);
    List<Integer> sizes = new ArrayList<>();
    List<String> contents = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      boolean common = random.nextInt(4) == 0;
      int content = random.nextInt(40);
      sizes.add(
          common
              ? 1000 * (1 + content)
              : random.nextInt(20) == 0 ? 1_500_000 : 500 + random.nextInt(40_000));
      contents.add(common ? "common" + content : of + i);
    }
    SimulatedLink.Layer layer = new SimulatedLink.Layer(of, sizes, contents, store);
    layer.chunks().stream().filter(_ -> random.nextInt(5) == 0).forEach(layer::keep);
    if (random.nextInt(8) == 0) {
      layer.becomeWholesale();
    }
    return layer;
  }

  void run() {
    for (int i = 0; i < EVENTS; i++) {
      happen(hosts.get(random.nextInt(hosts.size())));
      for (int step = random.nextInt(30); step > 0; step--) {
        step();
      }
    }
    while (step()) {
      // until everything has come
    }
    for (Host host : hosts) {
      if (!host.dead) {
        host.rules.checkEnd();
        assertThat(host.reads)
            .as(name)
            .allMatch(read -> SimulatedLink.isOver(read) || failed.contains(read));
      }
    }
  }

  private void happen(Host host) {
    SimulatedLink.Layer layer = host.layers.get(random.nextInt(host.layers.size()));
    switch (random.nextInt(11)) {
      case 0 -> read(host, layer, random.nextInt(layer.chunks().size()));
      case 1 -> readUnderWay(host);
      case 2 -> many(host, layer, FetchClass.READAHEAD);
      case 3 -> many(host, layer, FetchClass.PREFETCH);
      case 4 -> many(host, layer, FetchClass.LEARNED);
      case 5 -> many(host, layer, FetchClass.GUESS);
      case 6 -> many(host, layer, FetchClass.BACKGROUND);
      case 7 -> breakOff(host);
      case 8 -> host.rules.cancel(layer);
      case 9 -> die(host);
      default -> host.link.become(500_000L * (1 + random.nextInt(50)), 1 + random.nextInt(300));
    }
    host.rules.check();
  }

  /// Lets something come over the link that is furthest behind.
  ///
  /// @return false if nothing more comes
  private boolean step() {
    boolean went = false;
    long latest = hosts.stream().mapToLong(host -> host.link.now()).max().orElseThrow();
    Optional<Host> behind =
        hosts.stream()
            .filter(host -> !host.dead && isBusy(host))
            .min(Comparator.comparingLong(host -> host.link.now()));
    if (behind.isPresent()) {
      went = behind.get().link.step();
      behind.get().rules.check();
    }
    hosts.stream()
        .filter(host -> host.dead || !isBusy(host))
        .forEach(host -> host.link.passUntil(latest));
    return went;
  }

  private static boolean isBusy(Host host) {
    return host.link.queue().running() > 0 || host.link.queue().queued() > 0;
  }

  /// A read begins at once, whatever else is under way, unless its chunk is under way itself or is
  /// here, or there are reads enough.
  private void read(Host host, SimulatedLink.Layer layer, int number) {
    LayerChunk chunk = layer.chunks().get(number);
    if (layer.isHere(chunk)) {
      return;
    }
    Claim claim = host.rules.ask(layer, chunk, FetchClass.READ);
    host.link.pump();
    host.reads.add(claim);
    if (host.link.queue().running() < FetchQueue.MAX_RUNNING) {
      assertThat(host.link.fetched())
          .as("%s: chunk %d of %s", name, chunk.number(), layer.digest())
          .containsKey(layer.nameOf(chunk));
    }
  }

  /// A read of what is on its way, begun for whomever.
  private void readUnderWay(Host host) {
    List<Want> underWay =
        host.link.begun().stream()
            .flatMap(batch -> batch.wants().stream())
            .filter(want -> want.state() == Want.State.RUNNING)
            .toList();
    if (!underWay.isEmpty()) {
      Claim claim = underWay.get(random.nextInt(underWay.size())).first();
      read(host, (SimulatedLink.Layer) claim.layer(), claim.chunk().number());
    }
  }

  private void many(Host host, SimulatedLink.Layer layer, FetchClass fetchClass) {
    int from = random.nextInt(layer.chunks().size());
    int to = Math.min(layer.chunks().size(), from + 1 + random.nextInt(100));
    for (LayerChunk chunk : layer.chunks().subList(from, to)) {
      Claim _ = host.rules.ask(layer, chunk, fetchClass);
    }
    host.link.pump();
  }

  private void breakOff(Host host) {
    if (host.link.queue().running() > 0) {
      host.link.breakOff(random.nextInt(host.link.queue().running()), failing(host));
    }
  }

  /// A connection dies, which is seen only after a while.
  private void die(Host host) {
    if (host.link.queue().running() > 0) {
      host.link.die(
          random.nextInt(host.link.queue().running()),
          Duration.ofMillis(random.nextInt(5000)).toNanos(),
          failing(host));
    }
  }

  private BiConsumer<Want, Optional<Claim>> failing(Host host) {
    return (want, through) -> {
      through.ifPresent(failed::add);
      host.rules.failed(want, want.state() == Want.State.QUEUED, through);
    };
  }
}
