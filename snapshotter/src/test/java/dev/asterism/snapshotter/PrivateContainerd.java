package dev.asterism.snapshotter;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A containerd of the test's own: its folder, its socket, its state.
final class PrivateContainerd implements AutoCloseable {
  private final Path root;
  private final Process process;
  private final Thread drain;

  private PrivateContainerd(Path root, Process process, Thread drain) {
    this.root = root;
    this.process = process;
    this.drain = drain;
  }

  /// Starts one and waits until it has said that it is up.
  ///
  /// @param root an empty directory with a short path
  /// @param proxy socket of a snapshotter that it shall know as `asterism`; need not answer
  static PrivateContainerd start(Path root, Path proxy) throws IOException {
    Path config = root.resolve("config.toml");
    Files.writeString(
        config,
        """
        version = 2
        root = "%1$s/root"
        state = "%1$s/state"
        disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs",
          "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper",
          "io.containerd.snapshotter.v1.aufs"]
        [grpc]
          address = "%1$s/c.sock"
        [ttrpc]
          address = "%1$s/c.sock.ttrpc"
        [proxy_plugins.asterism]
          type = "snapshot"
          address = "%2$s"
        """
            .formatted(root, proxy));
    Process process =
        new ProcessBuilder("containerd", "--config", config.toString())
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    BufferedReader log = process.inputReader(StandardCharsets.UTF_8);
    List<String> seen = new ArrayList<>();
    String line = log.readLine();
    while (line != null && !line.contains("successfully booted")) {
      seen.add(line);
      line = log.readLine();
    }
    if (line == null) {
      throw new IOException("containerd did not start: " + String.join("\n", seen));
    }
    return new PrivateContainerd(root, process, Thread.ofVirtual().start(() -> drain(log)));
  }

  private static void drain(BufferedReader log) {
    try {
      while (log.readLine() != null) {
        // Its pipe must not fill up.
      }
    } catch (IOException _) {
      // It ended.
    }
  }

  Path socket() {
    return root.resolve("c.sock");
  }

  /// Runs `ctr` against it and returns what that printed.
  String ctr(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("ctr", "--address", socket().toString()));
    command.addAll(List.of(arguments));
    return Kernel.run(command.toArray(String[]::new));
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    process.waitFor();
    drain.join();
  }
}
