package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/// The starts that this process has seen lately, the last one first. Bounded. Thread-safe.
public final class Starts {
  /// How many are kept.
  public static final int CAPACITY = 64;

  private static final Logger LOGGER = System.getLogger(Starts.class.getName());

  @GuardedBy("this")
  private final Deque<StartRecord> records = new ArrayDeque<>();

  Starts() {}

  /// Keeps a record, and logs it.
  void add(StartRecord record) {
    synchronized (this) {
      records.addFirst(record);
      if (records.size() > CAPACITY) {
        records.removeLast();
      }
    }
    LOGGER.log(Level.INFO, record.line());
  }

  /// Returns them, a copy.
  public synchronized List<StartRecord> recent() {
    return List.copyOf(records);
  }
}
