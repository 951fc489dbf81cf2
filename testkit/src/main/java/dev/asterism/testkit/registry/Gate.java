package dev.asterism.testkit.registry;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Holds up whoever wants to send while the registry is silent. Thread-safe.
final class Gate {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition opened = lock.newCondition();
  private final CountDownLatch shutdown = new CountDownLatch(1);
  private boolean open = true;

  void set(boolean nowOpen) {
    lock.lock();
    try {
      open = nowOpen;
      opened.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void awaitOpen() throws InterruptedException {
    lock.lock();
    try {
      while (!open) {
        opened.await();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Waits for the end of the registry, or for the interrupt that ends this connection.
  void awaitShutdown() throws InterruptedException {
    shutdown.await();
  }

  void shutDown() {
    shutdown.countDown();
    set(true);
  }
}
