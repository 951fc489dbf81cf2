package dev.asterism.cli.cache;

import dev.asterism.cache.VerifyOptions;
import dev.asterism.cli.ExitCode;
import dev.asterism.cli.admin.client.FlatJson;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `asterism cache verify`: whether everything in the store is what it says.
@Command(
    name = "verify",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Reads and hashes everything in the store, and checks names, sizes, modes and links.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all is right, or was repaired",
      "1:something is wrong; the output says what",
      "2:wrong usage"
    })
final class VerifyCommand implements Callable<Integer> {
  @Option(
      names = "--repair",
      description = "remove what is wrong; it is fetched again when it is needed")
  private boolean repair;

  @Option(names = "--quick", description = "names, sizes, modes and links only; hash nothing")
  private boolean quick;

  @Mixin private final StoreOptions store = new StoreOptions();
  @Mixin private final DaemonOption daemon = new DaemonOption();
  @Mixin private final JsonOption json = new JsonOption();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    String report;
    try (WorkProgress progress = new WorkProgress()) {
      report =
          daemon.tend(
              store, tending -> tending.verify(new VerifyOptions(!quick, repair), progress));
    }
    FlatJson found = FlatJson.parse(report);
    PrintWriter out = spec.commandLine().getOut();
    int wrong = print(found, json.isSet() ? new PrintWriter(java.io.Writer.nullWriter()) : out);
    if (json.isSet()) {
      out.println(report);
    }
    out.flush();
    return wrong == 0 ? ExitCode.OK : ExitCode.FAILURE;
  }

  /// Prints what was found, and returns how much of it is still wrong.
  private static int print(FlatJson found, PrintWriter out) {
    int findings = 0;
    int wrong = 0;
    for (; found.text("findings/%d/path".formatted(findings)).isPresent(); findings++) {
      String place = "findings/%d/".formatted(findings);
      boolean repaired = found.flag(place + "repaired");
      wrong += repaired ? 0 : 1;
      out.println(
          "%s: %s%s"
              .formatted(
                  found.text(place + "path").orElse(""),
                  found.text(place + "what").orElse(""),
                  repaired ? " (repaired)" : ""));
    }
    long leftOut = found.number("findingsLeftOut");
    if (leftOut > 0) {
      out.println("and %s more".formatted(ByteText.count(leftOut)));
    }
    out.println(
        "%s names looked at, %s hashed: %s"
            .formatted(
                ByteText.count(found.number("files")),
                ByteText.of(found.number("bytes")),
                findings == 0
                    ? "all is right"
                    : "%s wrong, %s repaired"
                        .formatted(
                            ByteText.count(findings + leftOut), ByteText.count(findings - wrong))));
    return (int) Math.min(Integer.MAX_VALUE, wrong + leftOut);
  }
}
