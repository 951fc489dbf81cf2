package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Percentage.withPercentage;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LinkMeterTest {
  private static final long MILLISECOND = Duration.ofMillis(1).toNanos();

  private final LinkMeter meter = new LinkMeter();
  private long now;

  /// Lets a link run for a while: 16 KiB at a time, at a rate.
  private void run(long bytesPerSecond, long millis) {
    long step = (16L << 10) * 1_000_000_000 / bytesPerSecond;
    for (long end = now + millis * MILLISECOND; now < end; now += step) {
      meter.arrived(16 << 10, now);
    }
  }

  @Test
  void product_nothingKnown_isAGuess() {
    assertThat(meter.product()).isEqualTo(LinkMeter.UNKNOWN);
  }

  @Test
  void product_steadyLink_isBandwidthTimesRoundTrip() {
    meter.answered(20 * MILLISECOND, now);
    run(25_000_000, 1000);

    assertThat(meter.product()).isCloseTo(500_000, withPercentage(5));
  }

  @Test
  void product_bandwidthFallsToATenth_followsWithinTwoSeconds() {
    meter.answered(100 * MILLISECOND, now);
    run(25_000_000, 1000);
    run(2_500_000, 2000);

    assertThat(meter.product()).isCloseTo(250_000, withPercentage(10));
  }

  @Test
  void roundTrip_growsInMidStart_isForgottenAfterAWhile() {
    meter.answered(20 * MILLISECOND, now);
    now += Duration.ofSeconds(11).toNanos();
    meter.answered(500 * MILLISECOND, now);

    assertThat(meter.roundTrip()).isEqualTo(500 * MILLISECOND);
  }

  @Test
  void bandwidth_oneBurstOutOfABuffer_isNotBelieved() {
    meter.answered(20 * MILLISECOND, now);
    run(25_000_000, 200);
    meter.arrived(100 << 20, now); // had been kept somewhere
    run(25_000_000, 50);

    assertThat(meter.bandwidth()).isCloseTo(25_000_000, withPercentage(10));
  }

  @Test
  void product_absurdLinks_staysWithinBounds() {
    meter.answered(Duration.ofMinutes(1).toNanos(), now);
    run(100_000_000, 1000);

    assertThat(meter.product()).isEqualTo(LinkMeter.MOST);
  }
}
