package dev.asterism.cache;

import static dev.asterism.cache.TestStore.chunk;
import static dev.asterism.cache.TestStore.key;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.disk.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What `max_size` and `min_free` do.
@Timeout(value = 1, unit = TimeUnit.MINUTES)
final class BudgetTest {
  private static final int SIZE = 64 << 10; // 64 KiB: whole blocks of any file system
  private static final long LIMIT = 10 * SIZE;

  @TempDir Path directory;
  private TestStore store;

  @BeforeEach
  void open() throws IOException {
    store = new TestStore(directory.resolve("cache"));
  }

  @AfterEach
  void close() throws IOException {
    store.close();
  }

  private void reopen(Limit maxSize, Limit minFree) throws IOException {
    store.budget = new Budget(maxSize, minFree);
    store.reopen();
  }

  private Published add(int number) {
    return store.layer().addFile(key(number), chunk(number, SIZE));
  }

  /// Lets everything be on the disk and older than what the kernel may be looking for.
  private void settle() throws IOException {
    store.cache.persist();
    store.clock.pass(Evictor.GRACE.plusSeconds(1));
  }

  @Test
  void maxSize_exceeded_hasTheStoreShrink() throws Exception {
    reopen(new Limit.Bytes(LIMIT), new Limit.Bytes(0));
    for (int i = 0; i < 10; i++) {
      assertThat(add(i)).isInstanceOf(Published.Shared.class);
    }
    settle();
    assertThat(store.cache.budget().evictedObjects()).isZero();

    add(10);

    while (store.cache.budget().evictedObjects() == 0) {
      Thread.sleep(5); // the test's own time limit ends this
    }
    assertThat(store.cache.budget().used()).isLessThanOrEqualTo(LIMIT);
  }

  @Test
  void maxSize_exceededByWhatMustStay_refusesMore() throws IOException {
    reopen(new Limit.Bytes(LIMIT), new Limit.Bytes(0));
    for (int i = 0; i < 11; i++) {
      add(i); // just published: none of it may go
    }
    assertThat(add(11)).isEqualTo(new Published.Uncached(Cause.OVER_BUDGET));
  }

  @Test
  void maxSize_notSet_isNoLimit() throws IOException {
    reopen(new Limit.Unset(), new Limit.Bytes(0));
    for (int i = 0; i < 20; i++) {
      assertThat(add(i)).isInstanceOf(Published.Shared.class);
    }
  }

  @Test
  void minFree_notHalfOfThatIsFree_refusesUntilThereIsRoom() throws IOException {
    reopen(new Limit.Unset(), new Limit.Bytes(4 * SIZE));
    assertThat(add(1)).isInstanceOf(Published.Shared.class);

    spaceIs(SIZE);
    assertThat(add(2)).isEqualTo(new Published.Uncached(Cause.OVER_BUDGET));

    spaceIs(5 * SIZE);
    assertThat(add(2)).isInstanceOf(Published.Shared.class);
  }

  /// The file system is looked at when the store is opened, and every few seconds.
  private void spaceIs(long free) throws IOException {
    store.repair();
    store.faults.every("space", new Outcome.Answer(new Space(1000L * SIZE, free, 4096)));
    store.reopen();
  }
}
