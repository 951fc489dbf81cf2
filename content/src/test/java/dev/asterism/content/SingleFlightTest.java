package dev.asterism.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
final class SingleFlightTest {
  private final SingleFlight<String, Integer> flights =
      new SingleFlight<>((key, load) -> Thread.ofVirtual().name(key).start(load));
  private final AtomicInteger loads = new AtomicInteger();

  /// All that ask while the load runs share it, and every later caller starts another.
  @RepeatedTest(50)
  void get_manyAtOnce_neverRunTwoLoadsAtATime() throws Exception {
    int callers = 16;
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CyclicBarrier start = new CyclicBarrier(callers);
    Callable<Integer> load =
        () -> {
          most.accumulateAndGet(running.incrementAndGet(), Math::max);
          int number = loads.incrementAndGet();
          running.decrementAndGet();
          return number;
        };
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Boolean>> outcomes =
          IntStream.range(0, callers)
              .mapToObj(i ->
                  threads.submit(() -> {
                    start.await();
                    int first = flights.get("key", load).get();
                    return flights.get("key", load).get() > first;
                  }))
              .toList();
      for (Future<Boolean> outcome : outcomes) {
        assertThat(outcome.get()).isTrue();
      }
    }
    assertThat(most).hasValue(1);
  }

  @Test
  void get_afterAnOutcome_loadsAnew() throws Exception {
    for (int i = 1; i <= 20_000; i++) {
      assertThat(flights.get("key", loads::incrementAndGet).get()).isEqualTo(i);
    }
  }

  @RepeatedTest(50)
  void get_afterAFailure_loadsAgain() throws Exception {
    Future<Integer> failing =
        flights.get(
            "key",
            () -> {
              throw new IOException("no");
            });
    assertThatThrownBy(failing::get)
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseInstanceOf(IOException.class)
        .hasRootCauseMessage("no");

    assertThat(flights.get("key", loads::incrementAndGet).get()).isEqualTo(1);
  }

  @Test
  void get_whileALoadRuns_sharesItWhoeverGivesUp() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    Callable<Integer> load =
        () -> {
          go.await();
          return loads.incrementAndGet();
        };
    Future<Integer> first = flights.get("key", load);
    assertThatThrownBy(() -> first.get(1, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
    Thread.currentThread().interrupt();
    assertThatThrownBy(first::get).isInstanceOf(InterruptedException.class);

    assertThat(flights.get("key", load)).isSameAs(first);
    assertThat(flights.get("other", () -> 7).get()).isEqualTo(7);
    go.countDown();

    assertThat(first.get()).isEqualTo(1);
    assertThat(loads).hasValue(1);
  }
}
