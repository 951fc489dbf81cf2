package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class SingleFlightTest {
  private static final Duration LONGEST = Duration.ofSeconds(30);

  private final SingleFlight<String, Integer> flights =
      new SingleFlight<>(Thread.ofVirtual().factory());

  @Test
  void get_afterAnOutcome_loadsAnew() throws Exception {
    AtomicInteger loads = new AtomicInteger();
    for (int i = 1; i <= 20_000; i++) {
      assertThat(flights.get("key", LONGEST, loads::incrementAndGet)).isEqualTo(i);
    }
  }

  @Test
  void get_meanwhile_sharesTheOutcome() throws Exception {
    AtomicInteger loads = new AtomicInteger();
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    Callable<Integer> load =
        () -> {
          begun.countDown();
          end.await();
          return loads.incrementAndGet();
        };
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Integer> first = callers.submit(() -> flights.get("key", LONGEST, load));
      begun.await();
      List<Future<Integer>> others =
          Stream.generate(() -> callers.submit(() -> flights.get("key", LONGEST, load)))
              .limit(10)
              .toList();
      assertThat(flights.get("other", LONGEST, () -> 7)).isEqualTo(7);
      end.countDown();
      assertThat(first.get()).isEqualTo(1);
      for (Future<Integer> other : others) {
        assertThat(other.get()).isPositive(); // one that came too late has loaded anew
      }
    }
    assertThat(loads.get()).isBetween(1, 11);
  }
}
