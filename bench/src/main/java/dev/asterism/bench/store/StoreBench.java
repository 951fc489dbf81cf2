package dev.asterism.bench.store;

import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.openjdk.jmh.runner.RunnerException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `./dev bench cache`: every figure of the hard-link store in one table, each beside what it is
/// compared with in the same run. Exit code 1 when a target is missed.
@Command(
    name = "cache",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Measures the hard-link store.",
    footer = {"", "Rows: steps, index, eviction, images. All without any."})
public final class StoreBench implements Callable<Integer> {
  /// What can be measured by itself.
  enum Rows {
    /// Single calls, by JMH.
    STEPS,
    /// The index in memory, and the links file.
    INDEX,
    /// Eviction and cleanup with readers.
    EVICTION,
    /// Whole images on a node.
    IMAGES
  }

  /// Kept, so that its level is.
  private static final Logger LOG = Logger.getLogger("dev.asterism");

  private static final double MILLION = 1e6;

  @Option(
      names = "--asterism",
      paramLabel = "DIR",
      required = true,
      description = "the folder with bin/asterism")
  private Path asterism = Path.of("");

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "of each measurement of a single step, twice (default: ${DEFAULT-VALUE})")
  private int seconds = 3;

  @Option(
      names = "--mappings",
      paramLabel = "MILLIONS",
      split = ",",
      description = "rising; 5 take 3 GB of memory (default: ${DEFAULT-VALUE})")
  private List<Double> mappings = List.of(1.0, 2.0);

  @Option(
      names = "--objects",
      paramLabel = "N",
      description =
          "that are evicted and cleaned away; 4 KiB of disk each (default: ${DEFAULT-VALUE})")
  private int objects = 200_000;

  @Option(
      names = "--shared-images",
      paramLabel = "N",
      description = "that share a runtime (default: ${DEFAULT-VALUE})")
  private int images = 50;

  @Option(
      names = "--containers",
      paramLabel = "N",
      description = "that read it side by side (default: ${DEFAULT-VALUE})")
  private int containers = 10;

  @Parameters(paramLabel = "ROWS", description = "what to measure")
  private List<Rows> chosen = List.of();

  /// Runs one command line and ends the process with its exit code.
  public static void main(String[] arguments) {
    LOG.setLevel(Level.WARNING);
    CommandLine command = new CommandLine(new StoreBench());
    System.exit(command.setCaseInsensitiveEnumValuesAllowed(true).execute(arguments));
  }

  @Override
  public Integer call() throws IOException, InterruptedException, RunnerException {
    Set<Rows> rows = chosen.isEmpty() ? EnumSet.allOf(Rows.class) : EnumSet.copyOf(chosen);
    StoreFigures figures = new StoreFigures(System.err);
    for (Rows each : rows) {
      measure(each, figures);
    }
    System.out.print(figures.table());
    return figures.allReached() ? 0 : 1;
  }

  private void measure(Rows rows, StoreFigures figures)
      throws IOException, InterruptedException, RunnerException {
    switch (rows) {
      case STEPS -> StepRows.measure(figures, seconds);
      case INDEX -> index(figures);
      case EVICTION -> {
        try (ScratchFolder scratch = ScratchFolder.create("asterism-bench-eviction-")) {
          new EvictionRows(figures, scratch.path().resolve("cache")).measure(objects);
        }
      }
      case IMAGES -> new ImageRows(figures, asterism, System.err).measure(images, containers);
    }
  }

  private void index(StoreFigures figures) throws IOException, InterruptedException {
    try (ScratchFolder scratch = ScratchFolder.create("asterism-bench-index-")) {
      List<Long> counts = mappings.stream().map(each -> Math.round(each * MILLION)).toList();
      Path last =
          new IndexRows(figures, Files.createDirectory(scratch.path().resolve("index")))
              .measure(counts);
      StartRow.measure(figures, scratch.path(), last, counts.getLast());
    }
  }
}
