package dev.asterism.cli.log;

import java.time.temporal.ChronoUnit;
import java.util.logging.Formatter;
import java.util.logging.LogRecord;

/// Lines for people: time, level, and the message as it was written.
final class TextFormatter extends Formatter {
  @Override
  public String format(LogRecord line) {
    String text =
        "%s %-7s %s"
            .formatted(
                line.getInstant().truncatedTo(ChronoUnit.MILLIS),
                LogLevel.nameOf(line.getLevel()),
                formatMessage(line));
    return Redaction.of(text + Failure.of(line).map(f -> " error=" + f.summary()).orElse(""))
        + "\n"
        + Failure.of(line).filter(Failure::isBug).map(Failure::stack).orElse("");
  }
}
