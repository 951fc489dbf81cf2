package dev.asterism.cache;

import static dev.asterism.cache.TestStore.chunk;
import static dev.asterism.cache.TestStore.key;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.linux.Errno;
import dev.asterism.testkit.disk.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What an operator is told of trouble, and how often.
final class LoggingTest {
  @TempDir Path temp;
  private TestStore store;
  private StoreLog log;

  @BeforeEach
  void openStore() throws IOException {
    store = new TestStore(temp.resolve("cache"));
    log = StoreLog.collect();
  }

  @AfterEach
  void closeStore() throws IOException {
    log.close();
    store.close();
  }

  @Test
  void fullDisk_manyWrites_isOneLineAMinuteWithTheirNumber() {
    store.faults.every("create", new Outcome.Answer(Errno.ENOSPC.number()));
    String here = store.root.toString();
    for (int i = 0; i < 50; i++) {
      store.layer().addFile(key(i), chunk(i, 100));
    }
    assertThat(log.lines("cache write failed", here)).hasSize(1);
    assertThat(log.lines("cache write failed", here).getFirst())
        .startsWith("WARNING")
        .contains("cause=" + Cause.of(Errno.ENOSPC.number()), "failures=1");

    store.clock.pass(Duration.ofSeconds(59));
    store.layer().addFile(key(50), chunk(50, 100));
    assertThat(log.lines("cache write failed", here)).hasSize(1);

    store.clock.pass(Duration.ofSeconds(1));
    store.layer().addFile(key(51), chunk(51, 100));
    assertThat(log.lines("cache write failed", here)).hasSize(2);
    assertThat(log.lines("cache write failed", here).getLast()).contains("failures=51");
  }

  @Test
  void nearlyFullDisk_manyAdditions_isOneLineAMinuteAndCounted() throws IOException {
    store.faults.every("space", new Outcome.Answer(new Space(1 << 30, 1 << 20, 4096)));
    store.reopen(); // with the budget that nobody has set: 5 % stay free
    String here = store.root.toString();
    for (int i = 0; i < 50; i++) {
      assertThat(store.layer().addFile(key(i), chunk(i, 100)))
          .isEqualTo(new Published.Uncached(Cause.OVER_BUDGET));
    }
    assertThat(store.cache.counters().writeFailures()).containsEntry(Cause.OVER_BUDGET, 50L);
    assertThat(log.lines("cache write failed", here))
        .singleElement()
        .asString()
        .startsWith("WARNING")
        .contains("cause=OVER_BUDGET", "failures=1");

    store.clock.pass(Duration.ofMinutes(1));
    store.layer().addFile(key(50), chunk(50, 100));
    assertThat(log.lines("cache write failed", here)).hasSize(2);
  }

  @Test
  void noHardLinks_atStart_isSaidOnceByName() throws IOException {
    store.faults.every("link", new Outcome.Answer(Errno.EPERM.number()));
    store.reopen();
    for (int i = 0; i < 10; i++) {
      store.layer().addFile(key(i), chunk(i, 100));
    }
    assertThat(log.lines("cache without hard links", store.root.toString()))
        .singleElement()
        .asString()
        .startsWith("WARNING")
        .contains("cause=" + Cause.of(Errno.EPERM.number()));
    assertThat(log.lines("cache link failed", store.root.toString())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "'{\"format\":\"asterism links\",\"version\":99}', version 99 is newer than ours",
    "'hello', not ours"
  })
  void linksFile_damaged_isOneLineThatSaysHow(String text, String how) throws Exception {
    store.layer().addFile(key(1), chunk(1, 100));
    store.cache.close();
    Files.deleteIfExists(store.root.resolve("links.journal"));
    Files.writeString(store.root.resolve("links.json"), text);
    store.start();
    store.cache.awaitIndex();
    assertThat(log.lines("WARNING", store.root.resolve("links.json").toString()))
        .singleElement()
        .asString()
        .contains(how);
  }

  @Test
  void fileCutShort_atStart_isSaidWithBothSizes() throws Exception {
    var cut = chunk(1, 100);
    store.layer().addFile(key(1), cut);
    store.cache.close();
    TestStore.overwrite(store.object(cut.digest()), new byte[40]);
    store.start();
    store.cache.awaitIndex();
    assertThat(log.lines("cache file of another size", store.object(cut.digest()).toString()))
        .singleElement()
        .asString()
        .contains("size=40", "known=100");
    assertThat(log.lines("cache file damaged", store.object(cut.digest()).toString())).hasSize(1);
  }
}
