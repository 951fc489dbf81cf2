package dev.asterism.bench.daemon;

import dev.asterism.bench.store.StoreFigures;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `./dev bench daemon`: figures of the daemon by itself, asked as containerd asks it. Exit code 1
/// when a target is missed.
@Command(
    name = "daemon",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Measures what Prepare, many layers, a start and an idle daemon cost.",
    footer = {"", "Rows: prepare, memory, start, idle. All without any."})
public final class DaemonBench implements Callable<Integer> {
  /// What can be measured by itself.
  enum Rows {
    /// A Prepare against the round trips that it needs, and 64 at once.
    PREPARE,
    /// Many mounted layers.
    MEMORY,
    /// The first answer after a restart without a network.
    START,
    /// A daemon that nobody asks for anything.
    IDLE
  }

  /// Kept, so that its level is.
  private static final Logger LOG = Logger.getLogger("dev.asterism");

  @Option(
      names = "--asterism",
      paramLabel = "DIR",
      required = true,
      description = "the folder with bin/asterism")
  private Path asterism = Path.of("");

  @Option(
      names = "--prepares",
      paramLabel = "N",
      description = "one after the other, of which the median counts (default: ${DEFAULT-VALUE})")
  private int prepares = 30;

  @Option(
      names = "--layers",
      paramLabel = "N",
      description = "mounted at once, for the memory (default: ${DEFAULT-VALUE})")
  private int layers = 1000;

  @Option(
      names = "--files",
      paramLabel = "N",
      description = "in each of those (default: ${DEFAULT-VALUE})")
  private int files = 10_000;

  @Option(
      names = "--snapshots",
      paramLabel = "N",
      description = "on disk at a start (default: ${DEFAULT-VALUE})")
  private int snapshots = 100;

  @Option(
      names = "--starts",
      paramLabel = "N",
      description = "of which the median counts (default: ${DEFAULT-VALUE})")
  private int starts = 5;

  @Option(
      names = "--settle",
      paramLabel = "SECONDS",
      description = "before anything is measured (default: ${DEFAULT-VALUE})")
  private int settle = 30;

  @Option(
      names = "--idle",
      paramLabel = "SECONDS",
      description = "that an idle daemon is watched (default: ${DEFAULT-VALUE})")
  private int idle = 120;

  @Parameters(paramLabel = "ROWS", description = "what to measure")
  private List<Rows> chosen = List.of();

  /// Runs one command line and ends the process with its exit code.
  public static void main(String[] arguments) {
    LOG.setLevel(Level.WARNING);
    CommandLine command = new CommandLine(new DaemonBench());
    System.exit(command.setCaseInsensitiveEnumValuesAllowed(true).execute(arguments));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Set<Rows> rows = chosen.isEmpty() ? EnumSet.allOf(Rows.class) : EnumSet.copyOf(chosen);
    StoreFigures figures = new StoreFigures(System.err);
    Path program = asterism.toAbsolutePath().resolve("bin/asterism");
    DaemonRows measures = new DaemonRows(program, figures, Duration.ofSeconds(settle));
    for (Rows each : rows) {
      switch (each) {
        case PREPARE -> measures.prepare(prepares);
        case MEMORY -> measures.memory(layers, files);
        case START -> measures.start(snapshots, starts);
        case IDLE -> measures.idle(snapshots, Duration.ofSeconds(idle));
      }
    }
    System.out.print(figures.table());
    return figures.allReached() ? 0 : 1;
  }
}
