package dev.asterism.cli;

import dev.asterism.cli.config.ConfigurationFile;
import dev.asterism.cli.log.LogFormat;
import dev.asterism.cli.log.LogLevel;
import dev.asterism.cli.log.Logging;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The daemon under the name of the program that it replaces, with that one's flags and defaults:
/// what `bin/asterism` runs when it is called `containerd-stargz-grpc`.
///
/// Flags of Go's parser begin with one hyphen or two.
@Command(
    name = StargzCommand.NAME,
    hidden = true,
    sortOptions = false,
    description = "The daemon, with the flags and defaults of containerd-stargz-grpc.")
final class StargzCommand implements Callable<Integer> {
  static final String NAME = "containerd-stargz-grpc";

  private static final Path DEFAULT_CONFIG = Path.of("/etc/containerd-stargz-grpc/config.toml");

  @Option(
      names = {"--address", "-address"},
      paramLabel = "SOCKET",
      defaultValue = "/run/containerd-stargz-grpc/containerd-stargz-grpc.sock",
      description = "unix socket for containerd (default: ${DEFAULT-VALUE})")
  private Path address = Path.of("/run/containerd-stargz-grpc/containerd-stargz-grpc.sock");

  @Option(
      names = {"--config", "-config"},
      paramLabel = "FILE",
      description =
          "configuration (default: /etc/containerd-stargz-grpc/config.toml, which need not be"
              + " there, named or not)")
  private Optional<Path> config = Optional.empty();

  @Option(
      names = {"--log-level", "-log-level"},
      paramLabel = "LEVEL",
      defaultValue = "info",
      description = "trace, debug, info, warn, error, fatal or panic (default: ${DEFAULT-VALUE})")
  private LogLevel level = LogLevel.INFO;

  @Option(
      names = {"--root", "-root"},
      paramLabel = "DIR",
      defaultValue = "/var/lib/containerd-stargz-grpc",
      description = "where everything is kept (default: ${DEFAULT-VALUE})")
  private Path root = Path.of("/var/lib/containerd-stargz-grpc");

  @Option(
      names = {"--version", "-version"},
      description = "print the version")
  private boolean version;

  @Option(
      names = {"--help", "-help", "-h"},
      usageHelp = true,
      description = "print this")
  @SuppressWarnings("UnusedVariable") // the parser prints it
  private boolean help;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    if (version) {
      spec.commandLine().getOut().println(NAME + " asterism-" + Version.text());
      return ExitCode.OK;
    }
    Logging.start(level, LogFormat.JSON);
    ConfigurationFile.Loaded loaded = loaded();
    Logger log = System.getLogger(StargzCommand.class.getName());
    loaded.warnings().forEach(warning -> log.log(Level.WARNING, warning));
    Path socket = address.toAbsolutePath();
    Daemon.run(
        new DaemonOptions(
            socket,
            socket.resolveSibling("admin.sock"),
            root.toAbsolutePath(),
            loaded.configuration(),
            DaemonOptions.AtExit.LEAVE,
            true));
    return ExitCode.OK;
  }

  /// Reads the file. The default one need not be there, also where the unit of the stargz
  /// snapshotter's installation guide names it.
  private ConfigurationFile.Loaded loaded() throws Exception {
    Path file = config.orElse(DEFAULT_CONFIG);
    return file.equals(DEFAULT_CONFIG) && Files.notExists(file)
        ? ConfigurationFile.Loaded.NOTHING
        : ConfigurationFile.load(file);
  }
}
