package dev.asterism.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class PriorityTest {
  private static final String NAME = "stands-back";

  @Test
  void lower_threadsOfAName_lowersThemAndWhatTheyStartAndNobodyElse() throws Exception {
    CompletableFuture<Integer> of = new CompletableFuture<>();
    CompletableFuture<Integer> ofItsChild = new CompletableFuture<>();
    CountDownLatch runs = new CountDownLatch(1);
    CountDownLatch lowered = new CountDownLatch(1);
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .name(NAME)
            .start(() -> {
              runs.countDown();
              try {
                lowered.await();
                of.complete(nice());
                Thread.ofPlatform().daemon().start(() -> ofItsChild.complete(nice()));
              } catch (InterruptedException e) {
                of.completeExceptionally(e);
              }
            });
    runs.await();
    int mine = nice();

    assertThat(Priority.lower(NAME, 3)).isEqualTo(1);
    lowered.countDown();
    thread.join();

    int least = Math.min(Priority.LOWEST, mine + 3);
    assertThat(of.get()).isEqualTo(least);
    assertThat(ofItsChild.get()).isEqualTo(least);
    assertThat(nice()).isEqualTo(mine);
    while (Priority.lower(NAME, 3) > 0) {
      Thread.onSpinWait(); // the kernel forgets a thread some time after Java does
    }
  }

  /// Nice value of the calling thread: field 19 of proc(5)'s stat, counted behind the name.
  private static int nice() {
    try {
      String stat = Files.readString(Path.of("/proc/thread-self/stat"));
      return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[16]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
