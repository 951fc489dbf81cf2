package dev.asterism.registry;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class WatchdogTest {
  @Test
  void guard_patienceOver_abortsAndGoesOnGuarding() throws InterruptedException {
    try (Watchdog watchdog = new Watchdog()) {
      for (int i = 0; i < 3; i++) {
        CountDownLatch aborted = new CountDownLatch(1);
        Patience patience = new Patience(Duration.ofMillis(10));
        patience.enter();
        Watchdog.Guard guard = watchdog.guard(patience, aborted::countDown);
        aborted.await();
        guard.release();
      }
    }
  }

  @Test
  void close_requestUnderGuard_abortsIt() throws InterruptedException {
    CountDownLatch aborted = new CountDownLatch(1);
    Watchdog watchdog = new Watchdog();
    watchdog.guard(new Patience(Duration.ofHours(1)), aborted::countDown);
    watchdog.close();
    aborted.await();
  }
}
