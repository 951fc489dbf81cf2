package dev.asterism.cli.cache;

import dev.asterism.cache.CleanOptions;
import dev.asterism.cli.ExitCode;
import dev.asterism.cli.admin.client.FlatJson;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `asterism cache clean`: what nobody needs goes.
@Command(
    name = "clean",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Removes objects that no layer holds, and what crashes left behind. The daemon does the same"
          + " every 24 hours, but keeps objects that were needed lately: they may be needed again."
    })
final class CleanCommand implements Callable<Integer> {
  @Option(names = "--dry-run", description = "only tell what would go")
  private boolean dryRun;

  @Option(
      names = "--unused-for",
      paramLabel = "HOURS",
      defaultValue = "0",
      description = "keep what was needed within so many hours (default: ${DEFAULT-VALUE})")
  private int hours;

  @Mixin private final StoreOptions store = new StoreOptions();
  @Mixin private final DaemonOption daemon = new DaemonOption();
  @Mixin private final JsonOption json = new JsonOption();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    CleanOptions options = new CleanOptions(Duration.ofHours(hours), dryRun);
    String report;
    try (WorkProgress progress = new WorkProgress()) {
      report = daemon.tend(store, tending -> tending.clean(options, progress));
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(json.isSet() ? report : text(FlatJson.parse(report)));
    out.flush();
    return ExitCode.OK;
  }

  private String text(FlatJson report) {
    return ("%s %s objects, %s; %s stale links, %s empty directories, %s unfinished writes,"
            + " %s mappings of what is gone")
        .formatted(
            dryRun ? "would remove" : "removed",
            ByteText.count(report.number("objects")),
            ByteText.of(report.number("bytes")),
            ByteText.count(report.number("staleLinks")),
            ByteText.count(report.number("emptyDirectories")),
            ByteText.count(report.number("unfinished")),
            ByteText.count(report.number("lostMappings")));
  }
}
