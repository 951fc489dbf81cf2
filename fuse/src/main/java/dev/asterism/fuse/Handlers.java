package dev.asterism.fuse;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;

/// Runs each task on a virtual thread of its own, so many at a time and the rest in order.
///
/// Handing over never blocks: a reader must go on to take the INTERRUPTs and FORGETs of what is
/// under way. What waits is small (a decoded message), and bounded by the kernel: one request for
/// each thread that waits in the mount, and its `max_background`. Thread-safe.
final class Handlers {
  private final Semaphore permits;
  private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
  private final Thread.Builder threads;

  /// @param limit tasks that run at a time
  Handlers(String name, int limit) {
    permits = new Semaphore(limit);
    threads = Thread.ofVirtual().name(name);
  }

  void submit(Runnable task) {
    waiting.add(task);
    startWaiting();
  }

  private void startWaiting() {
    // Who fails to get a permit leaves its task to a holder: each holder looks again after it has
    // given its permit back.
    while (!waiting.isEmpty() && permits.tryAcquire()) {
      Runnable task = waiting.poll();
      if (task == null) {
        permits.release();
      } else {
        threads.start(() -> run(task));
      }
    }
  }

  private void run(Runnable task) {
    try {
      task.run();
    } finally {
      permits.release();
      startWaiting();
    }
  }
}
