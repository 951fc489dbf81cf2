package dev.asterism.cli.log;

import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.logging.StreamHandler;

/// Where log lines go: standard error, at once, to the very end of the process.
///
/// No logger is a static field here: that would choose the log manager before [#claim].
public final class Logging {
  private static final String OURS = "dev.asterism";

  private Logging() {}

  /// Keeps `java.util.logging` alive while the process ends, so that what cleans up can log. Works
  /// only before anybody has logged.
  public static void claim() {
    System.setProperty("java.util.logging.manager", LastingLogManager.class.getName());
  }

  /// Replaces every handler by one on standard error.
  ///
  /// @param level least level of our own lines; the libraries' begin at warnings, unless all is
  ///   traced
  public static void start(LogLevel level, LogFormat format) {
    Formatter formatter =
        switch (format) {
          case TEXT -> new TextFormatter();
          case JSON -> new JsonFormatter();
        };
    Logger root = Logger.getLogger("");
    for (Handler old : root.getHandlers()) {
      root.removeHandler(old);
    }
    Logger ours = Logger.getLogger(OURS);
    Handler handler = new PromptHandler(formatter, ours);
    handler.setLevel(Level.ALL);
    root.addHandler(handler);
    root.setLevel(level == LogLevel.TRACE ? Level.FINEST : Level.WARNING);
    ours.setLevel(level.level());
  }

  /// Writes every line through.
  private static final class PromptHandler extends StreamHandler {
    /// Held, for the platform forgets a logger with its level when nobody holds it.
    @SuppressWarnings("UnusedVariable") // being there is its use
    private final Logger ours;

    PromptHandler(Formatter formatter, Logger ours) {
      super(System.err, formatter);
      this.ours = ours;
    }

    @Override
    public synchronized void publish(java.util.logging.LogRecord line) {
      super.publish(line);
      flush();
    }

    /// Leaves standard error open.
    @Override
    public synchronized void close() {
      flush();
    }
  }
}
