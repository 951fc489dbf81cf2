package dev.asterism.cache;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/// The lines that this module logs about one store while it is open: other tests run beside.
final class StoreLog implements AutoCloseable {
  private final Logger logger = Logger.getLogger("dev.asterism.cache"); // kept: it is held weakly
  private final Queue<String> lines = new ConcurrentLinkedQueue<>();
  private final Handler handler = new Collector();

  private StoreLog() {
    logger.addHandler(handler);
  }

  static StoreLog collect() {
    return new StoreLog();
  }

  /// Returns the lines so far that contain all of these words.
  List<String> lines(String... words) {
    return lines.stream().filter(line -> List.of(words).stream().allMatch(line::contains)).toList();
  }

  @Override
  public void close() {
    logger.removeHandler(handler);
  }

  private final class Collector extends Handler {
    private final SimpleFormatter formatter = new SimpleFormatter();

    @Override
    public void publish(LogRecord record) {
      lines.add(record.getLevel() + " " + formatter.formatMessage(record));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
