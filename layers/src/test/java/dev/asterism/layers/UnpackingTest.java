package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Whose chunks are unpacked when. What is held up is seen by the counter, not by the clock.
@Timeout(60)
final class UnpackingTest {
  private final Unpacking unpacking = new Unpacking(2, Duration.ofHours(1));

  private CompletableFuture<Runnable> later(AtomicBoolean canWait) {
    long before = unpacking.held();
    CompletableFuture<Runnable> begun = new CompletableFuture<>();
    Thread.startVirtualThread(() -> begun.complete(unpacking.begin(canWait::get)));
    while (unpacking.held() == before && !begun.isDone()) {
      Thread.onSpinWait();
    }
    return begun;
  }

  private CompletableFuture<Runnable> background() {
    return later(new AtomicBoolean(true));
  }

  @Test
  void background_nobodyIsServed_hasAllProcessors() {
    for (int i = 0; i < 3; i++) {
      assertThat(background()).isDone();
    }
    assertThat(unpacking.held()).isZero();
  }

  @Test
  void background_aContainerIsServed_leavesAProcessorAlone() {
    Runnable served = unpacking.serve();
    Runnable first = background().join();
    CompletableFuture<Runnable> second = background();
    assertThat(unpacking.background()).isEqualTo(1);

    first.run();
    second.join().run();
    assertThat(unpacking.background()).isZero();

    Runnable third = background().join();
    CompletableFuture<Runnable> fourth = background();
    served.run();
    fourth.join().run();
    third.run();
    assertThat(unpacking.held()).isEqualTo(2);
  }

  @Test
  void background_aChunkOfARead_isBeforeIt() {
    Runnable read = unpacking.begin(() -> false);
    CompletableFuture<Runnable> behind = background();
    assertThat(unpacking.background()).isZero();

    read.run();
    behind.join().run();
    assertThat(unpacking.held()).isEqualTo(1);
  }

  @Test
  void background_aReadComesToWaitForIt_goesOn() {
    Runnable read = unpacking.begin(() -> false);
    AtomicBoolean canWait = new AtomicBoolean(true);
    CompletableFuture<Runnable> hurried = later(canWait);

    canWait.set(false);

    hurried.join().run();
    read.run();
    assertThat(unpacking.held()).isEqualTo(1);
  }

  @Test
  void background_readsWithoutEnd_getsOnAllTheSame() {
    Unpacking patient = new Unpacking(2, Duration.ofMillis(1));
    Runnable read = patient.begin(() -> false);

    patient.begin(() -> true).run();

    assertThat(patient.held()).isEqualTo(1);
    read.run();
  }

  @Test
  void read_backgroundUnpacks_isNotHeldUp() {
    Runnable first = background().join();
    Runnable second = background().join();

    unpacking.begin(() -> false).run();

    first.run();
    second.run();
    assertThat(unpacking.held()).isZero();
  }
}
