package dev.asterism.cli.log;

import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.logging.StreamHandler;

/// Where log lines go: standard error, at once, to the very end of the process.
public final class Logging {
  private static final Logger ROOT = Logger.getLogger("");
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
    for (Handler old : ROOT.getHandlers()) {
      ROOT.removeHandler(old);
    }
    Handler handler = new PromptHandler(formatter);
    handler.setLevel(Level.ALL);
    ROOT.addHandler(handler);
    ROOT.setLevel(level == LogLevel.TRACE ? Level.FINEST : Level.WARNING);
    Logger.getLogger(OURS).setLevel(level.level());
  }

  /// Writes every line through.
  private static final class PromptHandler extends StreamHandler {
    PromptHandler(Formatter formatter) {
      super(System.err, formatter);
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
