package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.ByteRange;
import dev.asterism.testkit.registry.Fault;
import dev.asterism.testkit.registry.Target;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// How long is waited between two attempts: `min_wait_msec` and `max_wait_msec`.
@Timeout(120)
final class PausesTest {
  private static Duration untilItFails(int attempts, Duration first, Duration longest)
      throws IOException {
    RequestPolicy policy =
        RequestPolicy.DEFAULT
            .withTimeouts(Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofMinutes(2))
            .withRetries(attempts, first, longest);
    try (Fixture fixture = new Fixture(Credentials.anonymous(), policy)) {
      fixture.registry.fault(Target.blob(fixture.digest), new Fault.Status(503));
      long begin = System.nanoTime();
      assertThatThrownBy(() -> fixture.blob().read(new ByteRange(0, 10)))
          .isInstanceOf(RegistryException.class);
      return Duration.ofNanos(System.nanoTime() - begin);
    }
  }

  /// 200, 400 and 800 ms, each shortened by half at most.
  @Test
  void read_statusThatStays_pausesAsThePolicySays() throws IOException {
    assertThat(untilItFails(4, Duration.ofMillis(200), Duration.ofSeconds(9)))
        .isGreaterThan(Duration.ofMillis(700));
  }

  /// Without a longest pause these would take 20 seconds at least.
  @Test
  void read_statusThatStays_pausesNoLongerThanThePolicySays() throws IOException {
    assertThat(untilItFails(12, Duration.ofMillis(20), Duration.ofMillis(20)))
        .isLessThan(Duration.ofSeconds(15));
  }
}
