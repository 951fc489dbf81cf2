package dev.asterism.cli;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Does the same for several names at a time: each soon, instead of the last one after all others.
final class SideBySide {
  /// Most of the work waits for the disk and the kernel, so more than there are processors; each
  /// may take some megabytes meanwhile.
  private static final int AT_ONCE =
      Math.clamp(4L * Runtime.getRuntime().availableProcessors(), 4, 16);

  private SideBySide() {}

  /// What is done for a name.
  @FunctionalInterface
  interface Work {
    void run(String name) throws IOException;
  }

  /// Returns when all is done.
  ///
  /// @throws IOException the first failure by the order of the names, the others suppressed in it;
  ///   what did not fail is done
  static void forEach(Collection<String> names, Work work) throws IOException {
    List<Future<?>> begun = new ArrayList<>(names.size());
    Optional<IOException> failure = Optional.empty();
    try (ExecutorService threads =
        Executors.newFixedThreadPool(
            AT_ONCE, Thread.ofPlatform().name("side by side ", 0).factory())) {
      for (String name : names) {
        begun.add(
            threads.submit(() -> {
              work.run(name);
              return name;
            }));
      }
      for (Future<?> each : begun) {
        Optional<IOException> own = failure(each);
        failure.ifPresent(first -> own.ifPresent(first::addSuppressed));
        failure = failure.or(() -> own);
      }
    }
    if (failure.isPresent()) {
      throw failure.get();
    }
  }

  private static Optional<IOException> failure(Future<?> done) {
    try {
      done.get();
      return Optional.empty();
    } catch (ExecutionException e) {
      return Optional.of(
          e.getCause() instanceof IOException failure
              ? failure
              : new IOException("a bug: " + e.getCause(), e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted = new InterruptedIOException("interrupted");
      interrupted.initCause(e);
      return Optional.of(interrupted);
    }
  }
}
