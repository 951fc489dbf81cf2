package dev.asterism.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SideBySideTest {
  private static final int PATIENCE = 30; // seconds

  @Test
  void forEach_severalNames_worksForThemAtATime() throws IOException {
    CyclicBarrier together = new CyclicBarrier(4);
    Set<String> done = ConcurrentHashMap.newKeySet();
    SideBySide.forEach(
        List.of("a", "b", "c", "d"),
        name -> {
          try {
            together.await(PATIENCE, TimeUnit.SECONDS);
          } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
            throw new IOException("alone with " + name, e);
          }
          done.add(name);
        });
    assertThat(done).containsExactlyInAnyOrder("a", "b", "c", "d");
  }

  @Test
  void forEach_someFail_doesTheOthersAndSaysAllFailures() {
    Set<String> done = ConcurrentHashMap.newKeySet();
    List<String> names = IntStream.range(0, 100).mapToObj(Integer::toString).toList();
    assertThatThrownBy(() ->
            SideBySide.forEach(
                names,
                name -> {
                  if (name.endsWith("7")) {
                    throw new IOException("no " + name);
                  }
                  if (name.equals("38")) {
                    throw new IllegalStateException("wrong");
                  }
                  done.add(name);
                }))
        .isInstanceOf(IOException.class)
        .hasMessage("no 7")
        .satisfies(failure ->
            assertThat(failure.getSuppressed())
                .hasSize(10)
                .extracting(Throwable::getMessage)
                .contains("no 17", "no 97", "a bug: java.lang.IllegalStateException: wrong"));
    assertThat(done).hasSize(89);
  }

  @Test
  void forEach_noNames_isNothing() throws IOException {
    SideBySide.forEach(
        List.of(),
        name -> {
          throw new IOException(name);
        });
  }
}
