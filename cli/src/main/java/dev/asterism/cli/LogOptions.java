package dev.asterism.cli;

import dev.asterism.cli.log.LogFormat;
import dev.asterism.cli.log.LogLevel;
import dev.asterism.cli.log.Logging;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The options that choose what is logged, and how.
final class LogOptions {
  @Option(
      names = "--log-level",
      paramLabel = "LEVEL",
      defaultValue = "info",
      description =
          "${COMPLETION-CANDIDATES}; fatal and panic are error here (default: ${DEFAULT-VALUE})")
  private LogLevel level = LogLevel.INFO;

  @Option(
      names = "--log-format",
      paramLabel = "FORMAT",
      description = "${COMPLETION-CANDIDATES} (default: text on a terminal, json elsewhere)")
  private Optional<LogFormat> format = Optional.empty();

  /// Starts logging as chosen.
  void apply() {
    Logging.start(level, format.orElse(Terminal.showsErrors() ? LogFormat.TEXT : LogFormat.JSON));
  }
}
