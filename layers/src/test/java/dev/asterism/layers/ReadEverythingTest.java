package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.ByteRange;
import dev.asterism.testkit.layer.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Every file of two layers, read one after the other as a walk through the merged tree comes to
/// them, on a simulated link: it is soon full, and stays so.
@Timeout(300)
final class ReadEverythingTest {
  private static final FetchPolicy POLICY =
      new FetchPolicy(512 << 10, 8 << 20, 64 << 20, 0, Duration.ofSeconds(30));

  private static final int FILES = 3000;

  /// A file is of some kilobytes, one in 16 of as many hundreds, one in 128 a program.
  private static SimulatedLink.Layer layer(String name, RandomGenerator random) {
    List<Integer> sizes = new ArrayList<>();
    for (int i = 0; i < FILES; i++) {
      int most = random.nextInt(128) == 0 ? 2_000_000 : random.nextInt(16) == 0 ? 300_000 : 20_000;
      sizes.add(200 + random.nextInt(most));
    }
    List<String> contents = IntStream.range(0, FILES).mapToObj(i -> name + i).toList();
    return new SimulatedLink.Layer(name, sizes, contents, new HashSet<>());
  }

  /// One layer, and what is fetched of it as [Anticipation] does.
  private static final class Reader {
    private final SimulatedLink link;
    private final SimulatedLink.Layer layer;
    private final Readahead readahead = new Readahead(POLICY, FILES);
    private final Walk walk = new Walk();
    private final BitSet used = new BitSet();
    private boolean whole;
    private int next;

    Reader(SimulatedLink link, SimulatedLink.Layer layer) {
      this.link = link;
      this.layer = layer;
    }

    void readSome(int count) throws Exception {
      for (int end = Math.min(next + count, FILES); next < end; next++) {
        read(layer.chunks().get(next));
      }
    }

    private void read(LayerChunk chunk) throws Exception {
      Found found =
          layer.isHere(chunk)
              ? Found.STORED
              : link.queue().isActive(layer.nameOf(chunk)) ? Found.ON_ITS_WAY : Found.MISSING;
      used.set(chunk.number());
      readahead.noteFirstUse();
      walk.used(chunk, used::get);
      ByteRange around = readahead.used(chunk.member(), found, true, walk.bytes());
      if (found != Found.STORED) {
        Claim claim = link.claim(layer, chunk.number(), FetchClass.READ);
        ask(around, FetchClass.READAHEAD);
        link.await(claim);
      } else {
        ask(around, FetchClass.READAHEAD);
      }
      if (!whole && (readahead.isWholesale() || walk.isWhole())) {
        whole = true;
        layer.becomeWholesale();
        ask(new ByteRange(0, Long.MAX_VALUE), FetchClass.PREFETCH);
      }
    }

    private void ask(ByteRange range, FetchClass why) {
      for (LayerChunk chunk : layer.chunks()) {
        if (chunk.member().start() >= range.start()
            && chunk.member().start() < range.end()
            && !layer.isHere(chunk)) {
          Claim _ = link.claim(layer, chunk.number(), why);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"6250000, 100", "25000000, 20", "12500000, 50"})
  void read_inTheOrderOfTheTree_takesHardlyLongerThanTheBytes(long bandwidth, int roundTrip)
      throws Exception {
    RandomGenerator random = Seeds.generator(5);
    SimulatedLink link = new SimulatedLink(POLICY, bandwidth, roundTrip);
    Reader lower = new Reader(link, layer("lower", random));
    Reader upper = new Reader(link, layer("upper", random));
    long begin = link.now();

    while (lower.next + upper.next < 2 * FILES) {
      lower.readSome(1 + random.nextInt(300));
      upper.readSome(1 + random.nextInt(100));
    }

    Duration took = Duration.ofNanos(link.now() - begin);
    long bytes = link.begun().stream().mapToLong(batch -> batch.range().length()).sum();
    Duration full = Duration.ofNanos(bytes * 1_000_000_000 / bandwidth);
    assertThat(link.fetched().values()).containsOnly(1);
    assertThat(took).isLessThan(full.plusMillis(10L * roundTrip));
  }
}
