package dev.asterism.layers;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;

/// Puts what was fetched without being asked for where the kernel finds it by itself, once starts
/// are over: from then on nobody needs to know what of it is used.
///
/// Owns a virtual thread, which ends with [#close].
final class Promotion implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(Promotion.class.getName());

  /// A start is over when nothing was fetched for a container, or used by one, for so long.
  private static final Duration QUIET = Duration.ofSeconds(5);

  /// Rare, for the sake of an idle node.
  private static final Duration TICK = Duration.ofSeconds(4);

  private final Scheduler scheduler;
  private final Catalog catalog;
  private final Thread thread;

  Promotion(Scheduler scheduler, Catalog catalog) {
    this.scheduler = scheduler;
    this.catalog = catalog;
    this.thread = Thread.ofVirtual().name("promotion").start(this::run);
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(TICK);
        if (scheduler.isQuiet(QUIET)) {
          promoteAll();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private void promoteAll() {
    try {
      catalog.layers().forEach(layer -> layer.anticipation().promote());
      scheduler.forgetUses();
    } catch (RuntimeException e) { // a bug; what is not promoted comes by the gate
      LOGGER.log(Level.ERROR, "bug while promoting chunks", e);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
