package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
final class SingleFlightTest {
  private final SingleFlight<String, Integer> flights = new SingleFlight<>();
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
                    int first = flights.get("key", load);
                    return flights.get("key", load) > first;
                  }))
              .toList();
      for (Future<Boolean> outcome : outcomes) {
        assertThat(outcome.get()).isTrue();
      }
    }
    assertThat(most).hasValue(1);
  }

  @RepeatedTest(50)
  void get_afterAFailure_loadsAgain() throws Exception {
    assertThatThrownBy(() ->
            flights.get(
                "key",
                () -> {
                  throw new IOException("no");
                }))
        .isInstanceOf(IOException.class)
        .hasMessage("no");

    assertThat(flights.get("key", loads::incrementAndGet)).isEqualTo(1);
  }

  @Test
  void get_callerInterrupted_leavesTheLoadToTheOthers() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    Callable<Integer> load =
        () -> {
          begun.countDown();
          go.await();
          return loads.incrementAndGet();
        };
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Thread impatient =
          Thread.ofVirtual().unstarted(() -> assertThatThrownBy(() -> flights.get("key", load)));
      impatient.start();
      begun.await();
      AtomicReference<Thread> caller = new AtomicReference<>();
      Future<Integer> other =
          threads.submit(() -> {
            caller.set(Thread.currentThread());
            return flights.get("key", load);
          });
      LazyNode.await(() -> isWaiting(caller.get())); // for the load that runs
      impatient.interrupt();
      impatient.join();
      go.countDown();

      assertThat(other.get()).isEqualTo(1);
    }
  }

  private static boolean isWaiting(@Nullable Thread thread) {
    return thread != null && thread.getState() == Thread.State.WAITING;
  }
}
