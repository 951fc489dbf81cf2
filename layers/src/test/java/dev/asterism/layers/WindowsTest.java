package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class WindowsTest {
  private static final FetchPolicy POLICY =
      new FetchPolicy(1000, 4000, 64_000, 0, Duration.ofSeconds(1));

  private final Windows windows = new Windows(POLICY);

  @Test
  void at_missesThatFollowOneAnother_doublesUpToTheMost() {
    long offset = 0;
    int[] expected = {1000, 2000, 4000, 4000};
    for (int window : expected) {
      assertThat(windows.at(offset)).isEqualTo(window);
      windows.fetched(offset, offset + window, window);
      offset += window;
    }
  }

  @Test
  void at_scatteredMisses_staysSmall() {
    for (long offset = 0; offset < 100_000; offset += 10_000) {
      assertThat(windows.at(offset)).isEqualTo(1000);
      windows.fetched(offset, offset + 1000, 1000);
    }
  }

  @Test
  void at_twoStreams_growEachOnItsOwn() {
    windows.fetched(0, 1000, 1000);
    windows.fetched(50_000, 51_000, 1000);

    assertThat(windows.at(1000)).isEqualTo(2000);
    assertThat(windows.at(51_100)).isEqualTo(2000);
    assertThat(windows.at(30_000)).isEqualTo(1000);
  }
}
