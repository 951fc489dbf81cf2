package dev.asterism.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinkSpeedTest {
  @Test
  void parse_bandwidthAndRoundTrip_areRead() {
    assertThat(LinkSpeed.parse("200mbit,20ms"))
        .isEqualTo(new LinkSpeed(200_000_000, Duration.ofMillis(20)));
    assertThat(LinkSpeed.parse("1Gbit,0ms")).isEqualTo(new LinkSpeed(1_000_000_000, Duration.ZERO));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "200", "200mbit", "0mbit,20ms", "200 mbit, 20 ms", "-1mbit,1ms"})
  void parse_anythingElse_isRefused(String text) {
    assertThatThrownBy(() -> LinkSpeed.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
