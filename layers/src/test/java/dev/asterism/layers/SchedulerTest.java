package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What is counted over all links.
final class SchedulerTest {
  private static final long MEBIBYTE = 1 << 20;

  private final IdleMemory memory = new IdleMemory(() -> {});
  private final Scheduler scheduler = new Scheduler(FetchPolicy.DEFAULT, memory);

  @AfterEach
  void close() {
    scheduler.close();
    memory.close();
  }

  @Test
  void isGenerous_guessesComeInVain_endsAtSixMebibytesAndHalfOfWhatWasUsed() {
    scheduler.noteUnused(6 * MEBIBYTE);
    assertThat(scheduler.isGenerous()).isTrue();
    scheduler.noteUnused(1);
    assertThat(scheduler.isGenerous()).isFalse();

    scheduler.noteUsed(4 * MEBIBYTE);
    assertThat(scheduler.isGenerous()).isTrue();
    scheduler.noteUnused(2 * MEBIBYTE);
    assertThat(scheduler.isGenerous()).isFalse();
    assertThat(scheduler.stats().unused()).isEqualTo(8 * MEBIBYTE + 1);
  }

  @Test
  void isGenerous_aGuessIsUsedAfterAll_countsNoMore() {
    scheduler.noteUnused(7 * MEBIBYTE);
    scheduler.noteUnused(-2 * MEBIBYTE);

    assertThat(scheduler.isGenerous()).isTrue();
    assertThat(scheduler.stats().unused()).isEqualTo(5 * MEBIBYTE);
  }

  @Test
  void forgetUses_anotherStart_beginsToCountAnew() {
    scheduler.noteUsed(100 * MEBIBYTE);
    scheduler.noteUnused(50 * MEBIBYTE);

    scheduler.forgetUses();

    assertThat(scheduler.isGenerous()).isTrue();
    assertThat(scheduler.stats().used()).isZero();
    scheduler.noteUnused(7 * MEBIBYTE);
    assertThat(scheduler.isGenerous()).isFalse();
  }

  @Test
  void isQuiet_aUseWasJustSeen_isNot() {
    assertThat(scheduler.isQuiet(Duration.ofMinutes(1))).isTrue();
    scheduler.noteUsed(1);
    assertThat(scheduler.isQuiet(Duration.ofMinutes(1))).isFalse();
  }
}
