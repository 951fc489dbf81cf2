package dev.asterism.cache;

import static dev.asterism.cache.TestStore.LAYER;
import static dev.asterism.cache.TestStore.chunk;
import static dev.asterism.cache.TestStore.key;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.VerifiedChunk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What the store does by itself, every few seconds and every day: here every few milliseconds.
@Timeout(120)
final class ScheduleTest {
  private static final Duration SHORT = Duration.ofMillis(20);

  @TempDir Path temp;

  private DirectoryCache open(Duration cleanEvery) throws Exception {
    Upkeep upkeep = new Upkeep(cleanEvery, Duration.ofDays(14), Duration.ofDays(30), 0);
    return DirectoryCache.open(
        temp,
        new CacheSettings(SHORT, TestStore.AGE, Budget.DEFAULT, upkeep),
        InstantSource.system());
  }

  private static void await(BooleanSupplier state) throws InterruptedException {
    while (!state.getAsBoolean()) {
      Thread.sleep(5);
    }
  }

  @Test
  void schedule_nothingSaid_isEveryFiveSecondsAndEveryDay() {
    assertThat(CacheSettings.DEFAULT.persistEvery()).hasSeconds(5);
    assertThat(CacheSettings.DEFAULT.upkeep().cleanEvery()).hasHours(24);
    assertThat(CacheSettings.DEFAULT.upkeep().scrubEvery()).hasDays(30);
  }

  @Test
  void persist_whatWasAdded_isInTheJournalByItself() throws Exception {
    VerifiedChunk chunk = chunk(1, 100);
    try (DirectoryCache cache = open(Duration.ofDays(1))) {
      cache.layer(LAYER).addFile(key(1), chunk);
      Path journal = temp.resolve("links.journal");
      await(() -> contains(journal, chunk.digest().hex()));
      await(() -> cache.counters().syncs() > 0);
      long written = Files.size(journal);
      assertThat(cache.linksFile().persists().count()).isPositive();
      cache.layer(LAYER).addFile(key(2), chunk(2, 100));
      await(() -> journal.toFile().length() > written);
    }
  }

  private static boolean contains(Path file, String text) {
    try {
      return Files.exists(file) && Files.readString(file).contains(text);
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void clean_fileThatWentBehindOurBack_isForgottenByItself() throws Exception {
    VerifiedChunk gone = chunk(1, 100);
    try (DirectoryCache cache = open(SHORT)) {
      cache.awaitIndex();
      cache.layer(LAYER).addFile(key(1), gone);
      cache.layer(LAYER).addFile(key(2), chunk(2, 100));
      String name = gone.digest().hex().substring(0, 2) + "/" + gone.digest().hex();
      Files.delete(temp.resolve("objects").resolve(name));
      Files.delete(temp.resolve("fresh").resolve(name));
      await(() -> cache.index().digests() == 1 && cache.index().keys() == 1);
      assertThat(temp.resolve("layers/%s/00/1-0".formatted(LAYER.hex()))).doesNotExist();
      assertThat(temp.resolve("layers/%s/00/2-0".formatted(LAYER.hex()))).exists();
    }
  }
}
