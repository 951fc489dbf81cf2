package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.ByteRange;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WalkTest {
  private static final int SIZE = 10_000;

  private final Layer layer = new Layer();

  /// A layer whose chunks are used, each of its own file unless said otherwise.
  private static final class Layer {
    private final Walk walk = new Walk();
    private final BitSet used = new BitSet();

    void use(int chunk) {
      use(chunk, chunk, ByteRange.ofLength((long) chunk * SIZE, SIZE));
    }

    void use(int chunk, int file, ByteRange member) {
      if (!used.get(chunk)) {
        used.set(chunk);
        walk.used(
            new LayerChunk(chunk, member, 0, 0, (int) member.length(), file, Optional.empty()),
            used::get);
      }
    }

    void useAll(int from, int to) {
      for (int chunk = from; chunk < to; chunk++) {
        use(chunk);
      }
    }

    boolean isWalked() {
      return walk.bytes() > 0;
    }
  }

  @Test
  void bytes_afterAFewStepsInOrder_areThoseOfTheWalk() {
    layer.useAll(1000, 1024);
    assertThat(layer.isWalked()).isFalse(); // the first is no step
    layer.use(1024);
    assertThat(layer.walk.bytes()).isEqualTo(24 * SIZE);
  }

  @Test
  void bytes_filesAreLeftOutOrWereUsedBefore_isAWalk() {
    layer.useAll(50, 60);
    for (int chunk = 0; chunk < 120; chunk += 4) {
      layer.use(chunk);
    }
    assertThat(layer.isWalked()).isTrue();
  }

  @Test
  void bytes_everySixthIsUsed_isNoWalk() {
    for (int chunk = 0; chunk < 6000; chunk += 6) {
      layer.use(chunk);
    }
    assertThat(layer.isWalked()).isFalse();
  }

  @Test
  void bytes_backwards_isNoWalk() {
    for (int chunk = 1000; chunk > 0; chunk--) {
      layer.use(chunk);
    }
    assertThat(layer.isWalked()).isFalse();
  }

  @Test
  void bytes_ledAsideNowAndThen_isStillAWalk() {
    for (int part = 0; part < 10; part++) {
      layer.useAll(part * 500, part * 500 + 20);
    }
    assertThat(layer.isWalked()).isTrue();
  }

  @Test
  void bytes_walkIsOver_isNoneAnyMore() {
    layer.useAll(0, 200);
    for (int chunk = 5000; chunk < 5000 + 100 * 11; chunk += 100) {
      layer.use(chunk);
    }
    assertThat(layer.isWalked()).isFalse();
  }

  @Test
  void bytes_oneLargeFileInSequence_isNoWalk() {
    for (int chunk = 0; chunk < 500; chunk++) {
      layer.use(chunk, 7, ByteRange.ofLength((long) chunk * SIZE, SIZE));
    }
    assertThat(layer.isWalked()).isFalse();
  }

  /// A directory of small files that is read through, as time zones are, is not a whole layer.
  @Test
  void isWhole_manyFilesOfFewBytes_isNot() {
    layer.useAll(0, (4 << 20) / SIZE);
    assertThat(layer.walk.isWhole()).isFalse();
    layer.useAll((4 << 20) / SIZE, (4 << 20) / SIZE + 2);
    assertThat(layer.walk.isWhole()).isTrue();
  }

  @Test
  void isWhole_fewFilesOfManyBytes_isNot() {
    for (int chunk = 0; chunk < 100; chunk++) {
      layer.use(chunk, chunk, ByteRange.ofLength((long) chunk << 20, 1 << 20));
    }
    assertThat(layer.walk.isWhole()).isFalse();
    layer.use(100, 100, ByteRange.ofLength(100L << 20, 1 << 20));
    assertThat(layer.walk.isWhole()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"python", "java", "gcc", "postgres"})
  void bytes_aStart_isNeverAWalk(String name) throws Exception {
    Map<Integer, Layer> layers = new HashMap<>();
    for (StartTrace.Use use : StartTrace.load(name).uses()) {
      Layer of = layers.computeIfAbsent(use.layer(), _ -> new Layer());
      of.use(use.chunk(), use.chunk(), use.member());
      assertThat(of.isWalked()).as("at %s", use).isFalse();
    }
  }
}
