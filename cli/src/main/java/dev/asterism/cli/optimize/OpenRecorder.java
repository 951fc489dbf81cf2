package dev.asterism.cli.optimize;

import dev.asterism.linux.Fanotify;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.CountDownLatch;

/// Notes which files below a mount are opened first, until it is closed. Used by one thread; its
/// own listens.
final class OpenRecorder implements AutoCloseable {
  private static final int PAUSE = 50; // milliseconds until it looks whether it shall end
  private static final int MAX_FILES = 1_000_000;

  private final Path mountpoint;
  private final SequencedMap<String, Long> opened = new LinkedHashMap<>();
  private final CountDownLatch listening = new CountDownLatch(1);
  private final Thread thread;
  private volatile boolean ending;
  private volatile Optional<IOException> failure = Optional.empty();
  private volatile long lost;
  private long started;
  private long unnoted; // beyond the most files

  private OpenRecorder(Path mountpoint) {
    this.mountpoint = mountpoint;
    this.thread = Thread.ofPlatform().name("opens of " + mountpoint).unstarted(this::listen);
  }

  /// Begins; what is opened after this returned is noted.
  ///
  /// @throws IOException if the kernel does not let us
  static OpenRecorder start(Path mountpoint) throws IOException, InterruptedException {
    OpenRecorder recorder = new OpenRecorder(mountpoint);
    recorder.thread.start();
    recorder.listening.await();
    recorder.check("opens can't be watched: ");
    return recorder;
  }

  private void check(String what) throws IOException {
    if (failure.isPresent()) {
      throw new IOException(what + failure.get().getMessage(), failure.get());
    }
  }

  private void listen() {
    try (Fanotify opens = Fanotify.ofOpens(mountpoint)) {
      started = System.nanoTime();
      listening.countDown();
      boolean last = false;
      while (!last) {
        last = ending; // what was opened until then is still in the queue
        note(opens, last ? 0 : PAUSE);
        lost = opens.lost() + unnoted;
      }
    } catch (IOException e) {
      failure = Optional.of(e);
    } finally {
      listening.countDown();
    }
  }

  private void note(Fanotify opens, int wait) throws IOException {
    for (List<Path> paths = opens.next(wait); !paths.isEmpty(); paths = opens.next(0)) {
      long milliseconds = (System.nanoTime() - started) / 1_000_000;
      for (Path path : paths) {
        String file = inImage(path);
        if (opened.size() < MAX_FILES) {
          opened.putIfAbsent(file, milliseconds);
        } else if (!opened.containsKey(file)) {
          unnoted++;
        }
      }
    }
  }

  /// In the container the mount is the root; before that it is where we mounted it.
  private String inImage(Path path) {
    Path inside = path.startsWith(mountpoint) ? mountpoint.relativize(path) : path;
    String text = inside.toString();
    return text.startsWith("/") ? text.substring(1) : text;
  }

  /// Ends, and returns what was opened, first things first, with the milliseconds until then.
  ///
  /// @throws IOException if listening ended early
  SequencedMap<String, Long> finish() throws IOException, InterruptedException {
    close();
    thread.join();
    check("opens are not watched any more: ");
    return opened;
  }

  /// Returns how many opens are missing, after [#finish]: the kernel's queue was full or the file
  /// could not be named any more, or there were too many files.
  long lost() {
    return lost;
  }

  /// Tells it to end.
  @Override
  public void close() {
    ending = true;
  }
}
