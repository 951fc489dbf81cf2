package dev.asterism.cli.demo;

import dev.asterism.testkit.containerd.PrivateContainerd;
import dev.asterism.testkit.image.DemoImage;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/// One of the two ways to run the image: a containerd of its own and a snapshotter. Confined to one
/// thread.
final class Side {
  private final String snapshotter;
  private final PrivateContainerd containerd;
  private final Command pull;
  private final List<Path> disk;
  private final Supplier<Traffic> traffic;

  private Side(
      String snapshotter,
      PrivateContainerd containerd,
      Command pull,
      List<Path> disk,
      Supplier<Traffic> traffic) {
    this.snapshotter = snapshotter;
    this.containerd = containerd;
    this.pull = pull;
    this.disk = disk;
    this.traffic = traffic;
  }

  /// containerd's own snapshotter: the whole image is fetched and unpacked before anything runs.
  static Side overlayfs(PrivateContainerd containerd, Supplier<Traffic> traffic) {
    return new Side(
        "overlayfs",
        containerd,
        containerd.ctr("images", "pull", "--plain-http", "--snapshotter", "overlayfs"),
        List.of(containerd.root()),
        traffic);
  }

  /// Asterism as containerd's proxy plugin.
  ///
  /// @param root the daemon's
  static Side asterism(PrivateContainerd containerd, Path root, Supplier<Traffic> traffic) {
    return new Side(
        "asterism",
        containerd,
        containerd.ctrRemote("images", "rpull", "--plain-http", "--snapshotter", "asterism"),
        List.of(containerd.root(), root),
        traffic);
  }

  /// Pulls an image that this side has not seen, runs it, and waits for its service's first answer.
  ///
  /// @param container its id; it stays running
  Start start(String image, String container) throws IOException, InterruptedException {
    dropCaches();
    int port = FirstAnswer.freePort();
    Traffic before = traffic.get();
    long begin = System.nanoTime();
    pull.with(image).runOrThrow();
    Path log = containerd.root().resolveSibling(container + ".log");
    containerd
        .run(
            snapshotter,
            List.of("--detach", "--log-uri", "file://" + log),
            image,
            container,
            DemoImage.serve(port).toArray(String[]::new))
        .runOrThrow();
    String answer = FirstAnswer.await(port);
    Duration took = Duration.ofNanos(System.nanoTime() - begin);
    return new Start(took, traffic.get().since(before), answer);
  }

  /// Reads every file of an image in a container, and says what was read.
  ReadThrough readThrough(String image, String container) throws IOException, InterruptedException {
    Traffic before = traffic.get();
    long begin = System.nanoTime();
    String read =
        containerd
            .run(
                snapshotter,
                List.of("--rm"),
                image,
                container,
                DemoImage.readAll().toArray(String[]::new))
            .runOrThrow()
            .text();
    Duration took = Duration.ofNanos(System.nanoTime() - begin);
    return new ReadThrough(took, traffic.get().since(before), read);
  }

  /// Returns the bytes that all this takes on disk.
  long diskUsed() throws IOException, InterruptedException {
    long sum = 0;
    for (Path folder : disk) {
      // Its exit code is 1 when something goes while it looks: containerd removes what has ended.
      Outcome usage = Command.of("du", "-s", "-x", "--block-size=1", folder.toString()).run();
      int tab = usage.text().indexOf('\t');
      if (tab < 0) {
        throw new IOException("du says no number: " + usage.errorText());
      }
      sum += Long.parseLong(usage.text().substring(0, tab));
    }
    return sum;
  }

  /// So that neither side finds what the other has just read.
  private static void dropCaches() throws IOException, InterruptedException {
    Command.of("sh", "-c", "sync; echo 3 > /proc/sys/vm/drop_caches").run();
  }

  /// A container's way from the pull to its first answer. Immutable.
  record Start(Duration took, Traffic fetched, String answer) {}

  /// What reading a whole image took. Immutable.
  ///
  /// @param read number of files, bytes, and a hash over them all
  record ReadThrough(Duration took, Traffic fetched, String read) {}
}
