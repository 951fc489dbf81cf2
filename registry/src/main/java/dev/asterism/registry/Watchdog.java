package dev.asterism.registry;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/// Aborts requests whose patience is over, or whose thread was interrupted.
///
/// Socket timeouts alone do not bound a request: a server that sends one byte of a header now and
/// then never meets one. And a platform thread that waits for a socket notices no interrupt.
/// Thread-safe; owns one virtual thread, which sleeps while nothing is guarded.
final class Watchdog implements AutoCloseable {
  private static final Duration TICK = Duration.ofMillis(100);

  private final Set<Guard> guards = ConcurrentHashMap.newKeySet();
  private final Semaphore somethingToGuard = new Semaphore(0);
  private final Thread thread;

  Watchdog() {
    thread = Thread.ofVirtual().name("registry-watchdog").start(this::run);
  }

  /// One request under guard. Identity matters, not value.
  final class Guard {
    private final Runnable abort;
    private final Thread asker = Thread.currentThread();
    private volatile Patience patience;

    private Guard(Patience patience, Runnable abort) {
      this.patience = patience;
      this.abort = abort;
    }

    private boolean isOver() {
      return patience.isOver() || asker.isInterrupted();
    }

    /// Goes on with another patience.
    void replace(Patience by) {
      patience = by;
    }

    /// Ends the guard.
    void release() {
      guards.remove(this);
    }
  }

  /// Calls `abort`, from another thread and perhaps more than once, when `patience` is over or the
  /// calling thread has been interrupted.
  Guard guard(Patience patience, Runnable abort) {
    Guard guard = new Guard(patience, abort);
    guards.add(guard);
    if (somethingToGuard.availablePermits() == 0) {
      somethingToGuard.release();
    }
    return guard;
  }

  private void run() {
    try {
      while (true) {
        somethingToGuard.acquire();
        while (!guards.isEmpty()) {
          Thread.sleep(TICK);
          guards.stream().filter(Guard::isOver).forEach(g -> g.abort.run());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  /// Aborts what is guarded and ends the thread.
  @Override
  public void close() {
    thread.interrupt();
    guards.forEach(guard -> guard.abort.run());
  }
}
