package dev.asterism.snapshotter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.snapshotter.Snapshot.Content;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Transactions side by side.
@Timeout(60)
final class MetadataStoreTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_700_000_000);

  @TempDir private Path root;
  private MetadataStore store;

  @BeforeEach
  void open() throws Exception {
    store = MetadataStore.open(root.resolve("metadata.db"));
  }

  @AfterEach
  void close() throws Exception {
    store.close();
  }

  private static Snapshot insert(Transaction transaction, String key)
      throws IOException, SQLException {
    return transaction.insert(
        key,
        "",
        SnapshotKind.ACTIVE,
        Map.of("l", key),
        new Content.Ordinary(),
        new Usage(0, 0),
        NOW);
  }

  private List<String> names() throws IOException {
    return store.read(Transaction::all).stream().map(Snapshot::name).toList();
  }

  /// A Prepare asks this twice: it must not become slower with each snapshot there is.
  @Test
  void committedFor_anyNumberOfSnapshots_looksThroughNoTable() throws Exception {
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + root.resolve("metadata.db"));
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("EXPLAIN QUERY PLAN " + Transaction.COMMITTED_FOR)) {
      List<String> steps = new ArrayList<>();
      while (row.next()) {
        steps.add(row.getString("detail"));
      }
      assertThat(steps)
          .anyMatch(step -> step.contains("labels_target"))
          .noneMatch(step -> step.startsWith("SCAN"));
    }
  }

  /// A transaction that is not over, and those that came while it was not.
  private final class Crowd {
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch mayEnd = new CountDownLatch(1);
    private final List<FutureTask<Snapshot>> waiting = new ArrayList<>();
    private final FutureTask<Snapshot> first =
        new FutureTask<>(() ->
            store.transact(transaction -> {
              Snapshot inserted = insert(transaction, "first");
              begun.countDown();
              awaitEnd();
              return inserted;
            }));

    private void awaitEnd() {
      try {
        mayEnd.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    void begin() throws InterruptedException {
      Thread.ofPlatform().start(first);
      begun.await();
    }

    /// Returns when it waits for the first.
    FutureTask<Snapshot> join(MetadataStore.Work<Snapshot> work) {
      FutureTask<Snapshot> task = new FutureTask<>(() -> store.transact(work));
      Thread thread = Thread.ofPlatform().start(task);
      while (thread.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      waiting.add(task);
      return task;
    }

    void end() throws Exception {
      mayEnd.countDown();
      first.get();
      for (FutureTask<Snapshot> task : waiting) {
        try {
          task.get();
        } catch (ExecutionException _) {
          assertThat(task.state()).isEqualTo(FutureTask.State.FAILED); // its test looks at it
        }
      }
    }
  }

  @Test
  void transact_ofThoseWhoWaited_isOneCommitOnOneThread() throws Exception {
    Crowd crowd = new Crowd();
    crowd.begin();
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    for (int i = 0; i < 10; i++) {
      String key = "key-" + i;
      var _ =
          crowd.join(transaction -> {
            threads.add(Thread.currentThread());
            return insert(transaction, key);
          });
    }
    crowd.end();
    assertThat(threads).hasSize(1);
    assertThat(names()).hasSize(11);
    for (FutureTask<Snapshot> task : crowd.waiting) {
      Snapshot inserted = task.resultNow();
      Snapshot read = store.read(transaction -> transaction.require(inserted.name()));
      assertThat(read).isEqualTo(inserted);
    }
  }

  @Test
  void transact_thatThrowsAmongOthers_takesBackItsOwnChangesAlone() throws Exception {
    Crowd crowd = new Crowd();
    crowd.begin();
    var _ = crowd.join(transaction -> insert(transaction, "before"));
    FutureTask<Snapshot> throwing =
        crowd.join(transaction -> {
          insert(transaction, "half");
          throw new IOException("no more");
        });
    FutureTask<Snapshot> refused = crowd.join(transaction -> insert(transaction, "before"));
    FutureTask<Snapshot> bug =
        crowd.join(transaction -> {
          insert(transaction, "bug");
          throw new AssertionError("a bug");
        });
    var _ = crowd.join(transaction -> insert(transaction, "after"));
    crowd.end();
    assertThat(throwing.exceptionNow()).isInstanceOf(IOException.class).hasMessage("no more");
    assertThat(refused.exceptionNow()).isInstanceOf(SnapshotException.class);
    assertThat(bug.exceptionNow()).isInstanceOf(AssertionError.class);
    assertThat(names()).containsExactly("first", "before", "after");
  }

  @Test
  void transact_whoseDirectoryCannotBeForced_failsAllThatWouldBeCommittedWithIt() throws Exception {
    Crowd crowd = new Crowd();
    crowd.begin();
    FutureTask<Snapshot> good = crowd.join(transaction -> insert(transaction, "good"));
    FutureTask<Snapshot> bad =
        crowd.join(transaction -> {
          transaction.forceFirst(List.of(root.resolve("missing")));
          return insert(transaction, "bad");
        });
    crowd.end();
    assertThat(good.exceptionNow()).isInstanceOf(IOException.class).hasMessageContaining("missing");
    assertThat(bad.exceptionNow()).isInstanceOf(IOException.class).hasMessageContaining("missing");
    assertThat(names()).containsExactly("first");
    store.transact(transaction -> insert(transaction, "good"));
    assertThat(names()).containsExactly("first", "good");
  }

  @Test
  void read_whileATransactionIsNotOver_returnsWhatIsCommitted() throws Exception {
    store.transact(transaction -> insert(transaction, "old"));
    Crowd crowd = new Crowd();
    crowd.begin();
    assertThat(names()).containsExactly("old");
    crowd.end();
    assertThat(names()).containsExactly("old", "first");
  }

  @Test
  void read_thatChangesSomething_isRefused() {
    assertThatThrownBy(() -> store.read(transaction -> insert(transaction, "a")))
        .isInstanceOf(IOException.class)
        .hasRootCauseInstanceOf(SQLException.class);
  }

  @RepeatedTest(5)
  void transact_ofManyThreads_isSeenByEachWhenItReturns() throws Exception {
    int callers = 16;
    int each = 20;
    CyclicBarrier start = new CyclicBarrier(callers);
    List<FutureTask<Boolean>> running = new ArrayList<>();
    for (int i = 0; i < callers; i++) {
      int caller = i;
      FutureTask<Boolean> task =
          new FutureTask<>(() -> {
            start.await();
            for (int j = 0; j < each; j++) {
              String key = "%d-%d".formatted(caller, j);
              store.transact(transaction -> insert(transaction, key));
              store.read(transaction -> transaction.require(key));
            }
            return true;
          });
      running.add(task);
      Thread.ofVirtual().start(task);
    }
    for (FutureTask<Boolean> task : running) {
      assertThat(task.get()).isTrue();
    }
    List<Snapshot> all = store.read(Transaction::all);
    Set<Long> ids = new HashSet<>();
    all.forEach(snapshot -> ids.add(snapshot.id()));
    assertThat(ids).hasSize(callers * each);
  }
}
