package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.PartOfFile;
import dev.asterism.fuse.NodeLedger;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
final class KnownNodesTest {
  private static final List<PartOfFile> PARTS = parts("one", "two");
  private static final List<PartOfFile> OTHERS = parts("one", "three");

  private final KnownNodes nodes = nodes();

  /// A kernel that knows nothing yet.
  static KnownNodes nodes() {
    try {
      return new KnownNodes(NodeLedger.create("test"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<PartOfFile> parts(String first, String second) {
    return List.of(
        new PartOfFile(0, ChunkTables.digest(first), 100),
        new PartOfFile(100, ChunkTables.digest(second), 50));
  }

  @Test
  void contradict_nodeThatTheKernelKnowsOtherwise_isTrueUntilItForgets() {
    nodes.lookedUp(7, PARTS);
    nodes.lookedUp(7, PARTS);

    assertThat(nodes.contradict(7, PARTS)).isFalse();
    assertThat(nodes.contradict(7, OTHERS)).isTrue();
    assertThat(nodes.contradict(8, OTHERS)).isFalse();
    nodes.forgotten(7, 1);
    assertThat(nodes.contradict(7, OTHERS)).isTrue();
    nodes.forgotten(7, 1);
    assertThat(nodes.contradict(7, OTHERS)).isFalse();
    assertThat(nodes.contain(7)).isFalse();
  }

  /// As many lookups as were forgotten leave nothing, in whatever order they meet.
  @RepeatedTest(20)
  void forgotten_besideLookups_countsEach() throws Exception {
    int threads = 8;
    CyclicBarrier start = new CyclicBarrier(threads);
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        all.add(
            executor.submit(() -> {
              start.await();
              for (int k = 0; k < 500; k++) {
                nodes.lookedUp(7, PARTS);
                assertThat(nodes.contain(7)).isTrue();
                nodes.forgotten(7, 1);
              }
              return null;
            }));
      }
      for (Future<?> each : all) {
        each.get();
      }
    }
    assertThat(nodes.contain(7)).isFalse();
  }
}
