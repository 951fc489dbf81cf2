package dev.asterism.snapshotter;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.asterism.snapshotter.MetadataStore.Work;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.ReentrantLock;

/// Transactions of several callers in one commit.
///
/// Who comes while another commits waits in a queue. The next who gets the lock carries out all
/// that is queued, each in a savepoint of its own, so that one that throws takes back its own
/// changes alone; forces the directories that they named, and commits. Only then do they return:
/// what a caller is told is on the disk, and each saw what those before it did.
///
/// A commit that fails fails all that were part of it. Thread-safe.
final class GroupCommit implements AutoCloseable {
  private static final int MOST = 256; // in one commit; more wait for the next

  private final Queue<Member<?>> waiting = new ConcurrentLinkedQueue<>();
  private final ReentrantLock committing = new ReentrantLock();

  @GuardedBy("committing")
  private final Statements statements;

  /// @param statements closed with this
  GroupCommit(Statements statements) {
    this.statements = statements;
  }

  /// One caller's work, and what became of it. Used under `committing` until it is over.
  private static final class Member<T> {
    private final Work<T> work;
    private Optional<FutureTask<T>> run = Optional.empty();
    private Optional<Exception> notCommitted = Optional.empty();
    private boolean over;

    Member(Work<T> work) {
      this.work = work;
    }

    /// Tells whether the work returned.
    boolean run(Transaction transaction) {
      FutureTask<T> task = new FutureTask<>(() -> work.in(transaction));
      task.run();
      run = Optional.of(task);
      return task.state() == Future.State.SUCCESS;
    }

    T result() throws IOException, SQLException {
      if (run.isPresent() && run.get().state() == Future.State.FAILED) {
        switch (run.get().exceptionNow()) {
          case IOException e -> throw e;
          case SQLException e -> throw e;
          case RuntimeException e -> throw e;
          case Error e -> throw e;
          case Throwable e -> throw new AssertionError("no work can throw this", e);
        }
      }
      if (notCommitted.isPresent()) {
        throw new IOException(
            "the commit of several changes failed: " + notCommitted.get().getMessage(),
            notCommitted.get());
      }
      return run.orElseThrow().resultNow();
    }
  }

  /// Runs `work` and returns when it has been committed. It may run on another caller's thread.
  ///
  /// @throws IOException as `work`, or if the commit fails
  <T> T transact(Work<T> work) throws IOException, SQLException {
    Member<T> mine = new Member<>(work);
    waiting.add(mine);
    committing.lock();
    try {
      while (!mine.over) {
        commit(nextGroup());
      }
    } finally {
      committing.unlock();
    }
    return mine.result();
  }

  @GuardedBy("committing")
  private List<Member<?>> nextGroup() {
    List<Member<?>> group = new ArrayList<>();
    Optional<Member<?>> next = Optional.ofNullable(waiting.poll());
    while (next.isPresent()) {
      group.add(next.get());
      next = group.size() < MOST ? Optional.ofNullable(waiting.poll()) : Optional.empty();
    }
    return group;
  }

  @GuardedBy("committing")
  private void commit(List<Member<?>> group) {
    try {
      statements.run("BEGIN IMMEDIATE");
      try {
        Set<Path> changed = new LinkedHashSet<>();
        for (Member<?> member : group) {
          changed.addAll(run(member));
        }
        for (Path directory : changed) {
          SnapshotDirectories.force(directory);
        }
        statements.run("COMMIT");
      } catch (SQLException | IOException | RuntimeException | Error e) {
        rollBack(e);
        throw e;
      }
    } catch (SQLException | IOException | RuntimeException e) {
      group.forEach(member -> member.notCommitted = Optional.of(e));
    } finally {
      group.forEach(member -> member.over = true);
    }
  }

  /// Returns the directories that have to be on the disk before what the member did.
  @GuardedBy("committing")
  private Set<Path> run(Member<?> member) throws SQLException {
    statements.run("SAVEPOINT member");
    Transaction transaction = new Transaction(statements);
    if (member.run(transaction)) {
      statements.run("RELEASE member");
      return transaction.changedDirectories();
    }
    statements.run("ROLLBACK TO member");
    statements.run("RELEASE member");
    return Set.of();
  }

  // SQLite has rolled back already where the disk was full or failed, and says so.
  @GuardedBy("committing")
  private void rollBack(Throwable cause) {
    try {
      statements.run("ROLLBACK");
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  @Override
  public void close() throws SQLException {
    committing.lock();
    try {
      statements.close();
    } finally {
      committing.unlock();
    }
  }
}
