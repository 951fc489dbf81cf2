package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class IdleMemoryTest {
  private static final long WORTH_IT = 16 << 20; // 16 MiB

  private final CountDownLatch released = new CountDownLatch(1);

  @Test
  void decoded_muchAndThenNothing_releasesMemory() throws InterruptedException {
    try (IdleMemory memory = new IdleMemory(released::countDown)) {
      memory.decoded(WORTH_IT);
      released.await();
    }
  }

  @Test
  void decoded_little_releasesNothing() throws InterruptedException {
    try (IdleMemory memory = new IdleMemory(released::countDown)) {
      memory.decoded(WORTH_IT - 1);
      assertThat(released.await(2, TimeUnit.SECONDS)).isFalse();
    }
  }
}
