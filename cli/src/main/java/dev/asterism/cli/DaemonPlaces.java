package dev.asterism.cli;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The options that say where a daemon listens and keeps things.
final class DaemonPlaces {
  @Option(
      names = {"-a", "--address"},
      paramLabel = "SOCKET",
      defaultValue = "/run/asterism/asterism.sock",
      description = "unix socket for containerd (default: ${DEFAULT-VALUE})")
  private Path address = Path.of("/run/asterism/asterism.sock");

  @Option(
      names = "--admin-address",
      paramLabel = "SOCKET",
      description =
          "unix socket for 'asterism cache' and docs/admin.md (default: admin.sock beside"
              + " --address)")
  private Optional<Path> adminAddress = Optional.empty();

  @Option(
      names = {"-r", "--root"},
      paramLabel = "DIR",
      defaultValue = "/var/lib/asterism",
      description = "where layers, chunks and snapshots are kept (default: ${DEFAULT-VALUE})")
  private Path root = Path.of("/var/lib/asterism");

  /// Returns where containerd finds it, absolute.
  Path address() {
    return address.toAbsolutePath();
  }

  /// Returns where its operator asks, absolute.
  Path adminAddress() {
    return adminAddress.map(Path::toAbsolutePath).orElse(address().resolveSibling("admin.sock"));
  }

  /// Returns where it keeps everything, absolute.
  Path root() {
    return root.toAbsolutePath();
  }
}
