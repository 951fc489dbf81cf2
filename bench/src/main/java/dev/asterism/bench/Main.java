package dev.asterism.bench;

import dev.asterism.cli.demo.LinkSpeed;
import dev.asterism.cli.timeline.TimelineSvg;
import dev.asterism.testkit.link.LinkShape;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
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
      "Cases: answer-python, answer-gcc, answer-java, read-gcc, read-python, versions-python,",
      "restart, start-python, start-optimized, start-learned, start-java, start-gcc, start-postgres,",
      "start-ordered, start-read, start-busy, start-complete; answer, read and start mean all that",
      "begin so. All without any."
    })
public final class Main implements Callable<Integer> {
  /// The snapshotter that is to reach the targets.
  public static final String SUBJECT = "asterism";

  private static final String C_FILE =
      "printf '#include <stdio.h>\\nint main(void) { return puts(\"built\") < 0; }\\n' >/tmp/a.c";

  private static final List<String> PYTHON =
      List.of(
          "/usr/bin/python3",
          "-c",
          "import numpy, requests; print(numpy.arange(9).sum(), requests.__version__)");

  // What waits for the answer is gone when it has come.
  private static final String POSTGRES =
      "bin=$(echo /usr/lib/postgresql/*/bin); export LC_ALL=C; mkdir -p /var/run/postgresql; chown"
          + " postgres /var/run/postgresql; run() { su postgres -s /bin/sh -c \"$bin/$*\"; }; run"
          + " initdb -D /tmp/d >/dev/null && run pg_ctl -D /tmp/d -w -l /tmp/log start >/dev/null"
          + " && run psql -Atc \"'select 6*7'\"; run pg_ctl -D /tmp/d -m immediate stop >/dev/null";

  private static final StartCase.Start PYTHON_START =
      new StartCase.Start("python", "python:1-esgz", PYTHON);

  private static final List<Case> CASES =
      List.of(
          new AnswerCase("python", PYTHON),
          new AnswerCase(
              "gcc", List.of("/bin/sh", "-c", C_FILE + " && gcc -O2 -o /tmp/a /tmp/a.c && /tmp/a")),
          new AnswerCase("java", List.of("/usr/bin/java", "--version")),
          new ReadCase("gcc"),
          new ReadCase("python"),
          new VersionsCase("python"),
          new RestartCase("gcc"),
          new StartCase(
              "start-python", PYTHON_START, false, Measure.START_PLAIN, Measure.START_BYTES),
          new StartCase(
              "start-optimized",
              new StartCase.Start("python (optimized)", "python:1-opt", PYTHON),
              false,
              Measure.START_OPTIMIZED,
              Measure.START_BYTES),
          new StartCase(
              "start-learned",
              new StartCase.Start("python (learned)", "python:1-esgz", PYTHON),
              true,
              Measure.START_LEARNED,
              Measure.START_LEARNED_BYTES),
          new StartCase(
              "start-java",
              new StartCase.Start("java", "java:1-esgz", List.of("/usr/bin/java", "--version")),
              false,
              Measure.START_JAVA,
              Measure.START_BYTES),
          new StartCase(
              "start-gcc",
              new StartCase.Start(
                  "gcc",
                  "gcc:1-esgz",
                  List.of("/bin/sh", "-c", C_FILE + " && gcc -O2 -o /tmp/a /tmp/a.c && /tmp/a")),
              false,
              Measure.START_GCC,
              Measure.START_BYTES),
          new StartCase(
              "start-postgres",
              new StartCase.Start(
                  "postgres", "postgres:1-esgz", List.of("/bin/sh", "-c", POSTGRES)),
              false,
              Measure.START_POSTGRES,
              Measure.START_BYTES),
          new StartOrderedCase("python", PYTHON),
          new StartReadCase("python"),
          new BusyCase(PYTHON_START, "java:1-esgz", "gcc:1-esgz"),
          new CompleteCase("python"));

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
      names = "--only",
      paramLabel = "NAME",
      split = ",",
      description = "measure these snapshotters alone, so without ratios if overlayfs is not one")
  private List<String> only = List.of();

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

  @Option(
      names = "--settle",
      paramLabel = "SECONDS",
      defaultValue = "20",
      description =
          "how long a node is up before its first pull, whichever snapshotter it has (default:"
              + " ${DEFAULT-VALUE})")
  private int settle = 20;

  @Option(names = "--json", paramLabel = "FILE", description = "write every sample there too")
  private Optional<Path> json = Optional.empty();

  @Option(
      names = "--timeline",
      paramLabel = "FILE",
      description = "draw the requests of every start that is measured, as SVG")
  private Optional<Path> timeline = Optional.empty();

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
    Optional<Timelines> timelines =
        timeline.map(file -> new Timelines(file, new TimelineSvg(speed.bitsPerSecond())));
    try (ScratchFolder folder = ScratchFolder.create("asterism-bench-run-");
        Registry registry =
            Registry.start(
                images.toAbsolutePath().resolve("registry"),
                new LinkShape(speed.bitsPerSecond(), speed.roundTrip()))) {
      Run run =
          new Run(
              registry,
              Duration.ofSeconds(Math.max(0, settle)),
              Math.max(1, runs),
              figures,
              System.err,
              folder.path(),
              timelines,
              new HashMap<>());
      for (Case each : cases) {
        for (int i = 0; i < (runs + 1) / 2; i++) {
          measure(each, snapshotters, run);
        }
      }
      conditions.putAll(registry.described());
      if (timelines.isPresent()) {
        timelines.get().write();
      }
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
    if (chosen.stream().anyMatch(name -> CASES.stream().noneMatch(c -> means(name, c)))) {
      throw new ParameterException(spec.commandLine(), "no such case among " + chosen);
    }
    return found;
  }

  private boolean isChosen(String name) {
    return chosen.isEmpty() || chosen.stream().anyMatch(word -> means(word, name));
  }

  private static boolean means(String word, Case found) {
    return means(word, found.name());
  }

  private static boolean means(String word, String name) {
    return name.equals(word) || name.startsWith(word + "-");
  }

  private List<Snapshotter> snapshotters() {
    List<Snapshotter> all = new ArrayList<>();
    all.add(Snapshotter.YARDSTICK);
    asterism.map(Path::toAbsolutePath).map(Snapshotter.Asterism::new).ifPresent(all::add);
    stargz.map(Path::toAbsolutePath).map(Snapshotter.Stargz::new).ifPresent(all::add);
    for (String name : only) {
      if (all.stream().noneMatch(each -> each.name().equals(name))) {
        throw new ParameterException(
            spec.commandLine(),
            "no snapshotter %s among %s"
                .formatted(name, all.stream().map(Snapshotter::name).toList()));
      }
    }
    all.removeIf(each -> !only.isEmpty() && !only.contains(each.name()));
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
