package dev.asterism.layers;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/// What this module logs while it is open.
final class Logs implements AutoCloseable {
  private final Logger logger = Logger.getLogger("dev.asterism.layers"); // kept: it is held weakly
  private final Queue<String> lines = new ConcurrentLinkedQueue<>();
  private final Handler handler = new Collector();

  private Logs() {
    logger.addHandler(handler);
  }

  static Logs collect() {
    return new Logs();
  }

  /// Returns the warnings so far, one text.
  String text() {
    return String.join("\n", lines);
  }

  @Override
  public void close() {
    logger.removeHandler(handler);
  }

  private final class Collector extends Handler {
    private final SimpleFormatter formatter = new SimpleFormatter();

    @Override
    public void publish(LogRecord record) {
      if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
        lines.add(formatter.formatMessage(record));
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
