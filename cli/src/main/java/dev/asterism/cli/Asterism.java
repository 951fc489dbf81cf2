package dev.asterism.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/// The `asterism` command: finds the subcommand, runs it, turns its outcome into an exit code.
@Command(
    name = "asterism",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = "Starts containers before their image has arrived, and keeps every chunk once.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:it failed; standard error says why", "2:wrong usage"})
public final class Asterism {
  private Asterism() {}

  /// Runs one command line and ends the process with its exit code.
  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Asterism())
        .addSubcommand(new CommandLine.HelpCommand())
        .setExecutionStrategy(new CommandLine.RunLast());
  }
}
