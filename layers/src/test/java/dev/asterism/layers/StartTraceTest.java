package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.ByteRange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Starts of real programs, replayed against the scheduler on a simulated link.
///
/// The traces were recorded from Debian's packages behind a link of 50 Mbit/s and 100 ms, where
/// uses are noted; [StartTrace#main] makes such of what a daemon has learned.
@Timeout(300)
final class StartTraceTest {
  private static final FetchPolicy POLICY =
      new FetchPolicy(512 << 10, 8 << 20, 64 << 20, 0, Duration.ofSeconds(30));

  /// 200 Mbit/s and 20 ms.
  private static final long BYTES_PER_SECOND = 25_000_000;

  private static final int ROUND_TRIP = 20;

  /// The layers of a trace, with a filler wherever nothing is used.
  private static final class Image {
    final StartTrace trace;
    final List<SimulatedLink.Layer> layers = new ArrayList<>();
    final Map<StartTrace.Use, Integer> chunks = new HashMap<>();

    Image(StartTrace trace) {
      this.trace = trace;
      for (int layer = 0; layer < trace.layers(); layer++) {
        layers.add(layer(layer));
      }
    }

    private SimulatedLink.Layer layer(int number) {
      List<Integer> sizes = new ArrayList<>();
      List<String> contents = new ArrayList<>();
      Map<ByteRange, Integer> places = new HashMap<>();
      long at = 0;
      for (ByteRange member : trace.members(number)) {
        if (member.start() > at) {
          sizes.add((int) (member.start() - at));
          contents.add("unused " + number + " " + at);
        }
        places.put(member, sizes.size());
        sizes.add((int) member.length());
        contents.add("used " + number + " " + member.start());
        at = member.end();
      }
      for (StartTrace.Use use : trace.uses()) {
        if (use.layer() == number) {
          chunks.put(use, places.get(use.member()));
        }
      }
      return new SimulatedLink.Layer("layer " + number, sizes, contents, new HashSet<>());
    }

    private int chunkOf(StartTrace.Use use) {
      return Objects.requireNonNull(chunks.get(use));
    }

    /// Asks for all that is used, as a replay does.
    void learn(SimulatedLink link) {
      for (StartTrace.Use use : trace.uses()) {
        link.claim(layers.get(use.layer()), chunkOf(use), FetchClass.LEARNED);
      }
    }

    /// Reads one after the other, waiting for each, and returns how long that took.
    Duration read(SimulatedLink link) throws Exception {
      long begin = link.now();
      for (StartTrace.Use use : trace.uses()) {
        SimulatedLink.Layer layer = layers.get(use.layer());
        if (!layer.isHere(layer.chunks().get(chunkOf(use)))) {
          link.await(link.claim(layer, chunkOf(use), FetchClass.READ));
        }
      }
      return Duration.ofNanos(link.now() - begin);
    }
  }

  private static SimulatedLink link() {
    return new SimulatedLink(POLICY, BYTES_PER_SECOND, ROUND_TRIP);
  }

  private static long bytes(SimulatedLink link) {
    return link.begun().stream().mapToLong(batch -> batch.range().length()).sum();
  }

  @ParameterizedTest
  @ValueSource(strings = {"python", "java", "gcc", "postgres"})
  void start_learned_comesOnceWithLittleElse(String name) throws Exception {
    Image image = new Image(StartTrace.load(name));
    SimulatedLink link = link();

    image.learn(link);
    image.read(link);
    link.drain();

    assertThat(link.fetched().values()).containsOnly(1);
    assertThat((double) bytes(link) / image.trace.bytes()).isBetween(1.0, 1.15);
  }

  @ParameterizedTest
  @ValueSource(strings = {"python", "java", "gcc", "postgres"})
  void start_learned_isNearlyAsFastAsTheLink(String name) throws Exception {
    StartTrace trace = StartTrace.load(name);
    SimulatedLink link = link();
    Image image = new Image(trace);
    image.learn(link);
    Duration learned = image.read(link);

    Duration oneByOne = new Image(trace).read(link());

    Duration bytes = Duration.ofNanos(trace.bytes() * 1_000_000_000 / BYTES_PER_SECOND);
    assertThat(learned).isLessThan(oneByOne);
    assertThat(learned).isLessThan(bytes.multipliedBy(13).dividedBy(10).plusMillis(5 * ROUND_TRIP));
  }

  @ParameterizedTest
  @ValueSource(strings = {"python", "java", "gcc", "postgres"})
  void start_beforeABackgroundFetch_isHardlySlower(String name) throws Exception {
    StartTrace trace = StartTrace.load(name);
    SimulatedLink idle = link();
    Image alone = new Image(trace);
    alone.learn(idle);
    Duration quiet = alone.read(idle);

    SimulatedLink busy = link();
    SimulatedLink.Layer other = SimulatedLink.Layer.of("other", 1000, 100_000);
    for (int i = 0; i < 1000; i++) {
      busy.claim(other, i, FetchClass.BACKGROUND);
    }
    for (int i = 0; i < 300; i++) {
      busy.step();
    }
    Image disturbed = new Image(trace);
    disturbed.learn(busy);
    Duration slow = disturbed.read(busy);

    assertThat(slow).isLessThan(quiet.multipliedBy(115).dividedBy(100).plusMillis(ROUND_TRIP));
    Set<FetchClass> classes = new HashSet<>();
    busy.begun().forEach(batch -> classes.add(batch.fetchClass()));
    assertThat(classes).contains(FetchClass.BACKGROUND, FetchClass.LEARNED);
  }
}
