package dev.asterism.cli;

import dev.asterism.cli.cache.CacheCommand;
import dev.asterism.cli.config.ConfigurationException;
import dev.asterism.cli.demo.LinkSpeed;
import dev.asterism.cli.log.LogLevel;
import dev.asterism.cli.log.Logging;
import dev.asterism.cli.optimize.BindMount;
import dev.asterism.cli.optimize.ToldToEndException;
import dev.asterism.images.ImageLocation;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.Platform;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// The `asterism` command: finds the subcommand, runs it, turns its outcome into an exit code.
@Command(
    name = "asterism",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = "Starts containers before their image has arrived, and keeps every chunk once.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:it failed; standard error says why",
      "2:wrong usage",
      "130:ended by Ctrl-C (SIGINT)",
      "143:ended by SIGTERM"
    },
    footerHeading = "%nEnvironment:%n",
    footer = {
      "  NO_COLOR             no colours",
      "  ASTERISM_JAVA_OPTS   options for the Java that runs it, e.g. -Xmx1g"
    })
public final class Asterism {
  private static final List<Class<?>> SUBCOMMANDS =
      List.of(
          DaemonCommand.class,
          MountCommand.class,
          UnmountCommand.class,
          KeeperCommand.class,
          InspectCommand.class,
          StatusCommand.class,
          WhyCommand.class,
          UiCommand.class,
          CacheCommand.class,
          ConfigCommand.class,
          ProfileCommand.class,
          ConvertCommand.class,
          OptimizeCommand.class,
          CopyCommand.class,
          PullLazilyCommand.class,
          CheckCommand.class,
          DiffCommand.class,
          TocDigestCommand.class,
          DoctorCommand.class,
          WarmCommand.class,
          DemoCommand.class,
          StargzCommand.class,
          CommandLine.HelpCommand.class);

  /// What containers wait for when it is started again: the parser learns of it alone, which is a
  /// quarter of a second less than of all.
  private static final Map<String, Class<?>> SERVERS =
      Map.of("daemon", DaemonCommand.class, StargzCommand.NAME, StargzCommand.class);

  private Asterism() {}

  /// Runs one command line and ends the process with its exit code.
  public static void main(String[] arguments) {
    Logging.claim();
    if (server(arguments).isPresent()) {
      Preload.start();
    }
    System.exit(commandLine(arguments).execute(arguments));
  }

  /// Builds the parser, with help and exit codes that are the same for every subcommand.
  ///
  /// @param words what it will have to parse: it may know no more than they need
  static CommandLine commandLine(String... words) {
    CommandLine commands = new CommandLine(new Asterism());
    server(words).map(List::<Class<?>>of).orElse(SUBCOMMANDS).forEach(commands::addSubcommand);
    commands.setColorScheme(Help.defaultColorScheme(Terminal.colours()));
    commands.setCaseInsensitiveEnumValuesAllowed(true);
    commands.registerConverter(ImageReference.class, orWrongUsage(ImageReference::parse));
    commands.registerConverter(ImageLocation.class, orWrongUsage(ImageLocation::parse));
    commands.registerConverter(Platform.class, orWrongUsage(Platform::parse));
    commands.registerConverter(LogLevel.class, orWrongUsage(LogLevel::parse));
    commands.registerConverter(BindMount.class, orWrongUsage(BindMount::parse));
    commands.registerConverter(LinkSpeed.class, orWrongUsage(LinkSpeed::parse));
    commands.setExecutionExceptionHandler((failure, at, _) -> report(failure, at));
    commands.setExecutionStrategy(new CommandLine.RunLast());
    return commands;
  }

  private static Optional<Class<?>> server(String... words) {
    return Stream.of(words).findFirst().map(SERVERS::get);
  }

  private static <T> ITypeConverter<T> orWrongUsage(Function<String, T> parse) {
    return text -> {
      try {
        return parse.apply(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    };
  }

  /// Says in one line why a command failed; a bug shows its stack.
  private static int report(Exception failure, CommandLine at) {
    if (isEnding()) {
      return ExitCode.FAILURE; // what is being taken down under it fails: nobody wants to know
    }
    PrintWriter err = at.getErr();
    switch (failure) {
      case ConfigurationException wrong ->
          wrong.problems().forEach(line -> err.println("asterism: " + line));
      case IOException cannot -> err.println("asterism: " + describe(cannot));
      case InterruptedException _ -> err.println("asterism: interrupted");
      default -> failure.printStackTrace(err);
    }
    err.flush();
    return failure instanceof ToldToEndException told ? told.signal().exitCode() : ExitCode.FAILURE;
  }

  /// Tells whether the process has been told to end.
  private static boolean isEnding() {
    Thread hook = new Thread(() -> {});
    try {
      Runtime.getRuntime().addShutdownHook(hook);
      Runtime.getRuntime().removeShutdownHook(hook);
      return false;
    } catch (IllegalStateException _) {
      return true;
    }
  }

  /// The platform's file exceptions carry the path and say in their name alone what is wrong.
  private static String describe(IOException failure) {
    String message = Optional.ofNullable(failure.getMessage()).orElse("");
    return failure.getClass().getPackageName().equals("java.nio.file")
        ? failure.getClass().getSimpleName().replace("Exception", "") + ": " + message
        : message.isEmpty() ? failure.toString() : message;
  }
}
