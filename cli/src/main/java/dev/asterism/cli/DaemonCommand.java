package dev.asterism.cli;

import dev.asterism.cli.config.Configuration;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `asterism daemon`: the snapshotter that containerd talks to.
@Command(
    name = "daemon",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Serves containerd's snapshots API until it is told to stop.",
    footerHeading = "%ncontainerd's config.toml:%n",
    footer = {
      "  [proxy_plugins.asterism]",
      "    type = \"snapshot\"",
      "    address = \"/run/asterism/asterism.sock\""
    })
final class DaemonCommand implements Callable<Integer> {
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
          "unix socket for 'asterism cache' and docs/admin.md (default: admin.sock beside --address)")
  private Optional<Path> adminAddress = Optional.empty();

  @Option(
      names = {"-r", "--root"},
      paramLabel = "DIR",
      defaultValue = "/var/lib/asterism",
      description = "where layers, chunks and snapshots are kept (default: ${DEFAULT-VALUE})")
  private Path root = Path.of("/var/lib/asterism");

  @Option(
      names = "--unmount-on-exit",
      description = {
        "when told to end, take the mount away that running containers read through;",
        "without it they wait for the next daemon ('asterism unmount --all' later does the same)"
      })
  private boolean unmountOnExit;

  @Mixin private final ConfigOption config = new ConfigOption();
  @Mixin private final LogOptions log = new LogOptions();

  @Override
  public Integer call() throws Exception {
    log.apply();
    Configuration configuration = config.load();
    Path socket = address.toAbsolutePath();
    Daemon.run(
        new DaemonOptions(
            socket,
            adminAddress.map(Path::toAbsolutePath).orElse(socket.resolveSibling("admin.sock")),
            root.toAbsolutePath(),
            configuration,
            unmountOnExit ? DaemonOptions.AtExit.UNMOUNT : DaemonOptions.AtExit.LEAVE));
    return ExitCode.OK;
  }
}
