package dev.asterism.cli;

import dev.asterism.cli.doctor.Finding;
import dev.asterism.cli.doctor.Node;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `asterism doctor`: what this machine can do.
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = "Tells what this machine can and cannot do, and what that costs.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:lazy images work here", "1:they do not", "2:wrong usage"})
final class DoctorCommand implements Callable<Integer> {
  @Option(
      names = {"-r", "--root"},
      paramLabel = "DIR",
      defaultValue = "/var/lib/asterism",
      description = "where the store would lie (default: ${DEFAULT-VALUE})")
  private Path root = Path.of("/var/lib/asterism");

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    List<Finding> findings = new Node(root.toAbsolutePath()).examine();
    PrintWriter out = spec.commandLine().getOut();
    Ansi colours = Terminal.colours();
    int width = findings.stream().mapToInt(f -> f.subject().length()).max().orElse(0);
    for (Finding finding : findings) {
      out.println(colours.string(mark(finding)) + " " + line(finding, width));
    }
    boolean works = findings.stream().noneMatch(f -> f.verdict() == Finding.Verdict.FATAL);
    out.println(works ? "Lazy images work here." : "Lazy images do not work here.");
    out.flush();
    return works ? ExitCode.OK : ExitCode.FAILURE;
  }

  private static String mark(Finding finding) {
    return switch (finding.verdict()) {
      case GOOD -> "@|green ok |@";
      case COSTLY -> "@|yellow -- |@";
      case FATAL -> "@|red no |@";
    };
  }

  private static String line(Finding finding, int width) {
    String cost = finding.cost().isEmpty() ? "" : " → " + finding.cost();
    return ("%-" + width + "s  %s%s").formatted(finding.subject(), finding.found(), cost);
  }
}
