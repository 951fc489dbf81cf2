package dev.asterism.bench;

import dev.asterism.cli.demo.LinkSpeed;
import dev.asterism.testkit.link.LinkShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `./dev bench`: measures, prints the table on standard output and what is going on on standard
/// error. Exit code 1 when something could not be measured.
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Measures snapshotters side by side on real images behind a slow link.",
    footer = {
      "",
      "Cases: answer-python, answer-gcc, answer-java, read-gcc, read-python, versions-python;",
      "all of them without any."
    })
public final class Main implements Callable<Integer> {
  /// The snapshotter that is to reach the targets.
  static final String SUBJECT = "asterism";

  private static final String C_FILE =
      "printf '#include <stdio.h>\\nint main(void) { return puts(\"built\") < 0; }\\n' >/tmp/a.c";

  private static final List<Case> CASES =
      List.of(
          new AnswerCase(
              "python",
              List.of(
                  "/usr/bin/python3",
                  "-c",
                  "import numpy, requests; print(numpy.arange(9).sum(), requests.__version__)")),
          new AnswerCase(
              "gcc", List.of("/bin/sh", "-c", C_FILE + " && gcc -O2 -o /tmp/a /tmp/a.c && /tmp/a")),
          new AnswerCase("java", List.of("/usr/bin/java", "--version")),
          new ReadCase("gcc"),
          new ReadCase("python"),
          new VersionsCase("python"));

  @Option(
      names = "--images",
      paramLabel = "DIR",
      required = true,
      description = "what bench/images made")
  private Path images = Path.of("");

  @Option(
      names = "--asterism",
      paramLabel = "DIR",
      description = "the folder with bin/asterism; not measured without it")
  private Optional<Path> asterism = Optional.empty();

  @Option(
      names = "--stargz",
      paramLabel = "PATH",
      description = "a containerd-stargz-grpc, to be measured too")
  private Optional<Path> stargz = Optional.empty();

  @Option(
      names = "--link",
      paramLabel = "SPEED,ROUND-TRIP",
      defaultValue = "200mbit,20ms",
      description = "the link to the registry (default: ${DEFAULT-VALUE})")
  private String link = "200mbit,20ms";

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "3",
      description =
          "samples of each warm figure; half as many cold runs (default: ${DEFAULT-VALUE})")
  private int runs = 3;

  @Option(names = "--json", paramLabel = "FILE", description = "write every sample there too")
  private Optional<Path> json = Optional.empty();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "CASE", description = "what to measure")
  private List<String> chosen = List.of();

  private boolean failed;

  /// Runs one command line and ends the process with its exit code.
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new Main()).execute(arguments));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    List<Case> cases = cases();
    List<Snapshotter> snapshotters = snapshotters();
    LinkSpeed speed = LinkSpeed.parse(link);
    Figures figures = new Figures();
    Map<String, String> conditions = conditions(speed);
    try (Registry registry =
        Registry.start(
            images.toAbsolutePath().resolve("registry"),
            new LinkShape(speed.bitsPerSecond(), speed.roundTrip()))) {
      Run run = new Run(registry, Math.max(1, runs), figures, System.err);
      for (Case each : cases) {
        for (int i = 0; i < (runs + 1) / 2; i++) {
          measure(each, snapshotters, run);
        }
      }
      conditions.putAll(registry.described());
    }
    conditions.forEach((name, value) -> System.out.println("- " + name + ": " + value));
    System.out.print("\n" + new Report(figures, snapshotters).table());
    if (json.isPresent()) {
      Json.write(json.get(), conditions, figures, snapshotters);
    }
    return failed ? 1 : 0;
  }

  private void measure(Case what, List<Snapshotter> snapshotters, Run run)
      throws InterruptedException {
    for (Snapshotter snapshotter : snapshotters) {
      try {
        what.measure(snapshotter, run);
      } catch (IOException e) {
        failed = true;
        System.err.printf("%s, %s: not measured: %s%n", what.name(), snapshotter.name(), e);
      }
    }
  }

  private List<Case> cases() {
    List<Case> found = CASES.stream().filter(c -> isChosen(c.name())).toList();
    if (chosen.stream().anyMatch(name -> CASES.stream().noneMatch(c -> c.name().equals(name)))) {
      throw new ParameterException(spec.commandLine(), "no such case among " + chosen);
    }
    return found;
  }

  private boolean isChosen(String name) {
    return chosen.isEmpty() || chosen.contains(name);
  }

  private List<Snapshotter> snapshotters() {
    List<Snapshotter> all = new ArrayList<>();
    all.add(Snapshotter.YARDSTICK);
    asterism.map(Path::toAbsolutePath).map(Snapshotter.Asterism::new).ifPresent(all::add);
    stargz.map(Path::toAbsolutePath).map(Snapshotter.Stargz::new).ifPresent(all::add);
    return all;
  }

  private Map<String, String> conditions(LinkSpeed speed) {
    Map<String, String> conditions = new LinkedHashMap<>();
    conditions.put("link", speed.toString());
    conditions.put("processors", String.valueOf(Runtime.getRuntime().availableProcessors()));
    conditions.put("kernel", System.getProperty("os.version"));
    conditions.put("warm samples", String.valueOf(runs));
    return conditions;
  }
}
