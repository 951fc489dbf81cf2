package dev.asterism.snapshotter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PullLogTest {
  private static final String IMAGE = "registry.example/app:1";

  private final PullLog log = new PullLog();

  private static Digest layer(int number) {
    return Digest.of(Integer.toString(number).getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void lazy_lastLayer_endsThePullWithWhatBecameOfAll() {
    assertThat(log.lazy(IMAGE, false)).isEmpty();
    assertThat(log.unpacked(IMAGE, layer(1), new IOException("no TOC"), false)).isEmpty();
    assertThat(log.lazy(IMAGE, true))
        .hasValueSatisfying(line ->
            assertThat(line)
                .startsWith("image-prepared image=\"registry.example/app:1\" layers=3 lazy=2 ")
                .endsWith("not-lazy=\"" + layer(1) + ": no TOC\""));
  }

  @Test
  void unpacked_lastLayer_endsThePullToo() {
    assertThat(log.unpacked(IMAGE, layer(1), new IOException("no \"TOC\""), true))
        .hasValueSatisfying(
            line -> assertThat(line).contains("layers=1 lazy=0").endsWith(": no \\\"TOC\\\"\""));
  }

  @Test
  void lazy_anotherImageBetween_isCountedApart() {
    log.lazy(IMAGE, false);
    log.lazy("registry.example/other:1", false);
    assertThat(log.lazy(IMAGE, true))
        .hasValueSatisfying(line -> assertThat(line).contains("layers=2 lazy=2"));
  }

  @Test
  void unpacked_manyLayers_namesSomeAndCountsAll() {
    for (int i = 0; i < 99; i++) {
      log.unpacked(IMAGE, layer(i), new IOException("no"), false);
    }
    assertThat(log.lazy(IMAGE, true))
        .hasValueSatisfying(
            line -> assertThat(line).contains("layers=100 lazy=1").hasSizeLessThan(2000));
  }

  @Test
  void lazy_pullsThatNeverEnd_areGivenUp() {
    log.lazy(IMAGE, false);
    for (int i = 0; i < 256; i++) {
      log.lazy("registry.example/%d:1".formatted(i), false);
    }
    assertThat(log.lazy(IMAGE, true))
        .hasValueSatisfying(line -> assertThat(line).contains("layers=1 lazy=1"));
  }
}
