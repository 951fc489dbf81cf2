package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/// A directory whose names are brought to the disk in the background, for whoever changed them to
/// wait for when he has nothing else to do. Changes that meet are forced once. Thread-safe.
final class ForcedDirectory {
  private final Path directory;

  /// The one that began last; covers every change before it.
  @GuardedBy("this")
  private FutureTask<Path> last = new FutureTask<>(() -> Path.of(""));

  /// Whether it has looked at the directory already: then it may have missed what changes now.
  @GuardedBy("this")
  private boolean running = true;

  ForcedDirectory(Path directory) {
    this.directory = directory;
    last.run();
  }

  /// Begins to force what the caller has just changed, and returns at once.
  synchronized void changed() {
    if (!running) {
      return; // the next one has not begun
    }
    running = false;
    FutureTask<Path> next = new FutureTask<>(this::force);
    last = next;
    Thread.ofVirtual().name("force " + directory).start(next);
  }

  private Path force() throws IOException {
    synchronized (this) {
      running = true;
    }
    LayerDirectory.force(directory);
    return directory;
  }

  /// Waits until everything is on the disk that was changed before. One that fails is tried again
  /// for who waits next, so a disk that was away for a moment fails those alone who waited then.
  ///
  /// @throws IOException if the disk fails: then nobody knows what of it is there
  void await() throws IOException {
    FutureTask<Path> mine;
    synchronized (this) {
      if (last.state() == Future.State.FAILED) {
        changed();
      }
      mine = last;
    }
    Waits.get(mine, String.valueOf(directory));
  }
}
