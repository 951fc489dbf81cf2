package dev.asterism.cli.e2e;

import dev.asterism.testkit.process.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// A network of pods alone, by CNI's own plugins: a bridge that leads nowhere. Its files lie in one
/// folder; at [#close] the bridge is gone.
final class PodNetwork implements AutoCloseable {
  /// Where Debian's package `containernetworking-plugins` has them.
  static final Path PLUGINS = Path.of("/usr/lib/cni");

  private final Path folder;
  private final String bridge;

  private PodNetwork(Path folder, String bridge) {
    this.folder = folder;
    this.bridge = bridge;
  }

  /// Writes the configuration.
  ///
  /// @param folder made for it
  static PodNetwork in(Path folder) throws IOException {
    PodNetwork network =
        new PodNetwork(folder, "ast" + ProcessHandle.current().pid()); // 15 characters at most
    Files.createDirectories(network.configuration());
    Files.createDirectories(network.leases());
    Files.writeString(
        network.configuration().resolve("10-test.conflist"),
        """
        {
          "cniVersion": "0.4.0",
          "name": "test",
          "plugins": [
            {
              "type": "bridge",
              "bridge": "%s",
              "ipam": {"type": "host-local", "subnet": "10.231.77.0/24", "dataDir": "%s"}
            }
          ]
        }
        """
            .formatted(network.bridge, network.leases()));
    return network;
  }

  /// Returns the folder that containerd looks for networks in.
  Path configuration() {
    return folder.resolve("net.d");
  }

  private Path leases() {
    return folder.resolve("leases");
  }

  /// Lists the addresses that pods have.
  List<String> addresses() throws IOException {
    Path leased = leases().resolve("test");
    if (!Files.exists(leased)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(leased)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith("10."))
          .toList();
    }
  }

  /// Lists the interfaces that lead to pods.
  List<String> interfaces() throws IOException, InterruptedException {
    return Command.of("ip", "-o", "link", "show", "master", bridge).run().text().lines().toList();
  }

  @Override
  public void close() throws IOException {
    try {
      Command.of("ip", "link", "delete", bridge).run(); // no pod: no bridge
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while removing " + bridge, e);
    }
  }
}
