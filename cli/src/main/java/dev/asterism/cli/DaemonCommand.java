package dev.asterism.cli;

import dev.asterism.cli.config.Configuration;
import dev.asterism.cli.warm.WarmCode;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
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
  private static final Logger LOGGER = System.getLogger(DaemonCommand.class.getName());

  @Mixin private final DaemonPlaces places = new DaemonPlaces();

  @Option(
      names = "--unmount-on-exit",
      description = {
        "when told to end, take the mount away that running containers read through;",
        "without it they wait for the next daemon ('asterism unmount --all' later does the same)"
      })
  private boolean unmountOnExit;

  @Option(
      names = "--no-exercise",
      description = {
        "do not read a few made-up layers after the start, while nobody asks for anything yet;",
        "without that exercise the first containers wait until code is compiled"
      })
  private boolean noExercise;

  @Mixin private final ConfigOption config = new ConfigOption();
  @Mixin private final LogOptions log = new LogOptions();

  @Override
  public Integer call() throws Exception {
    log.apply();
    Configuration configuration = config.load();
    sayWhetherCold();
    Daemon.run(
        new DaemonOptions(
            places.address(),
            places.adminAddress(),
            places.root(),
            configuration,
            unmountOnExit ? DaemonOptions.AtExit.UNMOUNT : DaemonOptions.AtExit.LEAVE,
            !noExercise));
    return ExitCode.OK;
  }

  private static void sayWhetherCold() throws IOException {
    Optional<WarmCode> code = WarmCode.of(Asterism.class);
    if (code.isPresent() && !code.get().fits()) {
      LOGGER.log(
          Level.INFO,
          "this Java starts cold: \"asterism warm\", once as root, makes {0}",
          code.get().file());
    }
  }
}
