package dev.asterism.cli.cache;

import dev.asterism.cli.ExitCode;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `asterism cache`: the store, seen and tended by its operator.
@Command(
    name = "cache",
    mixinStandardHelpOptions = true,
    description = "Shows what the store holds, for which image, and what deleting it would free.",
    subcommands = {
      StatsCommand.class,
      ListCommand.class,
      VerifyCommand.class,
      CleanCommand.class,
      PinCommand.class,
      UnpinCommand.class,
      ExportCommand.class,
      MapCommand.class,
      CommandLine.HelpCommand.class,
    })
public final class CacheCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE;
  }
}
