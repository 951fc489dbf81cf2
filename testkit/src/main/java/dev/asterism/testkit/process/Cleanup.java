package dev.asterism.testkit.process;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// What has to be undone, last thing first: at [#close], or when the process is told to end.
///
/// Ctrl-C and SIGTERM run it too; only SIGKILL does not. Thread-safe.
public final class Cleanup implements AutoCloseable {
  /// Undoes one thing.
  @FunctionalInterface
  public interface Step {
    /// Runs at most once.
    void undo() throws IOException, InterruptedException;
  }

  private final Thread hook = new Thread(this::closeQuietly, "cleanup");

  private final ReentrantLock undoing = new ReentrantLock(); // taken before this object's monitor

  @GuardedBy("this")
  private final Deque<Step> steps = new ArrayDeque<>();

  @GuardedBy("this")
  private boolean closed;

  /// Registers itself with the process.
  public static Cleanup open() {
    Cleanup cleanup = new Cleanup();
    Runtime.getRuntime().addShutdownHook(cleanup.hook);
    return cleanup;
  }

  private Cleanup() {}

  /// Remembers a step.
  ///
  /// @throws IOException if cleaning is over, because the process is ending: the step has been run
  public void add(Step step) throws IOException, InterruptedException {
    synchronized (this) {
      if (!closed) {
        steps.push(step);
        return;
      }
    }
    step.undo();
    throw new IOException("the process is ending");
  }

  /// Undoes everything; a step that fails does not keep the others from running.
  ///
  /// @throws IOException the first failure, the others suppressed
  @Override
  public void close() throws IOException {
    try {
      undoAll();
    } finally {
      unregister();
    }
  }

  /// One thread undoes everything, the other waits: the process must not end in the middle.
  private void undoAll() throws IOException {
    undoing.lock();
    try {
      undoEach();
    } finally {
      undoing.unlock();
    }
  }

  private void undoEach() throws IOException {
    IOException first = null;
    for (Step step = next(); step != null; step = next()) {
      try {
        step.undo();
      } catch (IOException e) {
        first = merge(first, e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        first = merge(first, new IOException("interrupted while cleaning up", e));
      }
    }
    if (first != null) {
      throw first;
    }
  }

  private static IOException merge(@Nullable IOException first, IOException later) {
    if (first == null) {
      return later;
    }
    first.addSuppressed(later);
    return first;
  }

  private synchronized @Nullable Step next() {
    closed = true;
    return steps.poll();
  }

  private void closeQuietly() {
    try {
      undoAll();
    } catch (IOException e) {
      System.err.println("asterism: cleaning up: " + e.getMessage());
    }
  }

  private void unregister() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // The process is ending, and this is the hook or runs beside it.
    }
  }
}
