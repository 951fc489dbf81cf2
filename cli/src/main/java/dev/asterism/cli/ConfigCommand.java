package dev.asterism.cli;

import dev.asterism.cli.config.ConfigurationFile;
import dev.asterism.cli.config.EffectiveText;
import dev.asterism.cli.config.Reference;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `asterism config`: what the configuration file says, and what may stand in it.
@Command(
    name = "config",
    mixinStandardHelpOptions = true,
    description = "Checks, shows and explains the configuration file.",
    subcommands = {
      ConfigCommand.Check.class,
      ConfigCommand.Show.class,
      ConfigCommand.Keys.class,
      CommandLine.HelpCommand.class,
    })
final class ConfigCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE;
  }

  /// `asterism config check`: all mistakes of a file.
  @Command(
      name = "check",
      mixinStandardHelpOptions = true,
      description = {
        "Names every mistake of a configuration file with its line, and every key that changes",
        "nothing. Exit code 1 if a daemon would not start with it."
      })
  static final class Check implements Callable<Integer> {
    @Parameters(paramLabel = "FILE", description = "the file")
    private Path file = Path.of("config.toml");

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
      ConfigurationFile.Loaded loaded = ConfigurationFile.load(file);
      PrintWriter out = spec.commandLine().getOut();
      loaded.warnings().forEach(out::println);
      int keys = loaded.lines().size();
      out.printf(
          "%s: no mistakes; %d %s, %d without effect%n",
          file, keys, keys == 1 ? "key" : "keys", loaded.warnings().size());
      return ExitCode.OK;
    }
  }

  /// `asterism config show`: what counts, and why.
  @Command(
      name = "show",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description = {
        "Prints each key as it counts, as TOML, and where its value comes from: the default, or a",
        "line of the file. Takes the daemon's options too, and prints them as comments."
      })
  static final class Show implements Callable<Integer> {
    @Mixin private final DaemonPlaces places = new DaemonPlaces();
    @Mixin private final ConfigOption config = new ConfigOption();
    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
      PrintWriter out = spec.commandLine().getOut();
      line(out, "--address", places.address().toString());
      line(out, "--admin-address", places.adminAddress().toString());
      line(out, "--root", places.root().toString());
      line(out, "--config", config.path().map(Path::toString).orElse("(no file)"));
      out.println();
      out.print(EffectiveText.of(config.read(), config.path()));
      out.flush();
      return ExitCode.OK;
    }

    private void line(PrintWriter out, String flag, String value) {
      OptionSpec option = spec.findOption(flag);
      boolean given =
          option != null && spec.commandLine().getParseResult().hasMatchedOption(option);
      out.printf("# %s %s (%s)%n", flag, value, given ? "flag" : "default");
    }
  }

  /// `asterism config reference`: the page about all keys.
  @Command(
      name = "reference",
      mixinStandardHelpOptions = true,
      description = "Prints what every key does, in Markdown (docs/configuration.md).")
  static final class Keys implements Callable<Integer> {
    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
      spec.commandLine().getOut().print(Reference.page());
      spec.commandLine().getOut().flush();
      return ExitCode.OK;
    }
  }
}
