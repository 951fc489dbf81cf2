package dev.asterism.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// How long a container waits for a file that it has not read yet when the daemon is killed and
/// started again at once.
///
/// @param image its name without the tag
record RestartCase(String image) implements Case {
  private static final int KILLS = 20;

  /// A list of files that nobody has read, in an order that no guess follows.
  private static final String LIST =
      "mapfile -t files < <(find /usr/share/doc /usr/share/perl /usr/include -xdev -type f"
          + " -size -64k | sort -R --random-source=<(yes))";

  @Override
  public String name() {
    return "restart";
  }

  @Override
  public void measure(Snapshotter snapshotter, Run run) throws IOException, InterruptedException {
    if (!(snapshotter instanceof Snapshotter.Asterism)) {
      return; // containers of the stargz snapshotter do not live on
    }
    String tag = image + ":1-esgz";
    try (Node node = run.coldNode(snapshotter, tag)) {
      node.pull(run.registry().reference(tag));
      try (Shell shell = node.shell(run.registry().reference(tag))) {
        shell.time(LIST);
        Duration longest = Duration.ZERO;
        for (int i = 0; i < KILLS; i++) {
          Duration pause = pause(node, shell, i);
          run.progress().printf("kill %d: %d ms%n", i, pause.toMillis());
          longest = pause.compareTo(longest) > 0 ? pause : longest;
        }
        run.add(Measure.RESTART, image, snapshotter, longest);
      }
    }
  }

  private static Duration pause(Node node, Shell shell, int number)
      throws IOException, InterruptedException {
    node.killDaemon();
    CompletableFuture<Duration> read =
        CompletableFuture.supplyAsync(() -> {
          try {
            return shell.time("cat \"${files[%d]}\" >/dev/null".formatted(number));
          } catch (IOException | InterruptedException e) {
            throw new CompletionException(e);
          }
        });
    node.restartDaemon();
    try {
      return read.join();
    } catch (CompletionException e) {
      throw new IOException("the read did not survive the restart", e.getCause());
    }
  }
}
