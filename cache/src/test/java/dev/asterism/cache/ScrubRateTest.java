package dev.asterism.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What `scrub_rate` does.
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class ScrubRateTest {
  private static final int FILES = 4;
  private static final int SIZE = 500_000;

  @TempDir Path directory;

  private DirectoryCache open(long rate) throws IOException {
    Upkeep upkeep = new Upkeep(Duration.ofDays(9), Duration.ofDays(14), Duration.ofDays(30), rate);
    return DirectoryCache.open(
        directory.resolve("cache"),
        CacheSettings.DEFAULT.withUpkeep(upkeep),
        InstantSource.system());
  }

  /// Without a scrub.
  private void fill() throws IOException {
    try (DirectoryCache cache = open(0)) {
      for (int i = 0; i < FILES; i++) {
        cache.layer(TestStore.LAYER).addFile(TestStore.key(i), TestStore.chunk(i, SIZE));
      }
      assertThat(cache.scrub().begun()).isEmpty();
    }
  }

  @Test
  void rate_given_isHowFastTheStoreIsHashed() throws Exception {
    fill();
    long begin = System.nanoTime();
    try (DirectoryCache cache = open(1_000_000)) {
      while (cache.scrub().lastComplete().isEmpty()) {
        Thread.sleep(10); // the test's own time limit ends this
      }
      assertThat(cache.scrub().files()).isEqualTo(FILES);
    }
    // Two seconds for all; the last file is not waited for.
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofMillis(1400));
  }

  @Test
  void rate_zero_isNoScrub() throws Exception {
    fill();
    try (DirectoryCache cache = open(0)) {
      assertThat(Thread.getAllStackTraces().keySet())
          .noneMatch(thread -> thread.getName().equals("cache scrub"));
      assertThat(cache.scrub().begun()).isEmpty();
    }
  }
}
