package dev.asterism.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class HandlersTest {
  @Test
  void submit_moreThanTheLimit_runsAllButNeverMoreAtOnce() throws Exception {
    Handlers handlers = new Handlers("test", 3);
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch all = new CountDownLatch(10_000);
    for (int i = 0; i < 10_000; i++) {
      handlers.submit(() -> {
        most.accumulateAndGet(running.incrementAndGet(), Math::max);
        Thread.onSpinWait();
        running.decrementAndGet();
        all.countDown();
      });
    }
    all.await();
    assertThat(most.get()).isBetween(1, 3);
  }

  @Test
  void submit_whileAllHang_neitherBlocksNorLosesTheTask() throws Exception {
    Handlers handlers = new Handlers("test", 1);
    CountDownLatch proceed = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(1);
    handlers.submit(() -> {
      try {
        proceed.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    });
    handlers.submit(done::countDown);
    assertThat(done.getCount()).isEqualTo(1);
    proceed.countDown();
    done.await();
  }
}
