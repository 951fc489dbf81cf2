package dev.asterism.snapshotter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Many callers at once.
final class ConcurrentSnapshotsTest {
  private static final int CALLERS = 8;
  private static final Digest LAYER = Digest.of(new byte[] {1});

  @TempDir private Path root;
  private FakeLayerMounter layers;
  private Snapshots snapshots;

  @BeforeEach
  void open() throws Exception {
    layers = new FakeLayerMounter(root);
    layers.reachable.add(LAYER);
    snapshots = Snapshots.open(root, layers, VerificationPolicy.REQUIRED, InstantSource.system());
    snapshots.start();
  }

  @AfterEach
  void close() throws Exception {
    snapshots.close();
  }

  /// What one caller does.
  @FunctionalInterface
  private interface Caller {
    void run(int number) throws Exception;
  }

  private void together(Caller caller) throws Exception {
    CyclicBarrier start = new CyclicBarrier(CALLERS);
    List<Future<Boolean>> running = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(CALLERS)) {
      for (int i = 0; i < CALLERS; i++) {
        int number = i;
        Callable<Boolean> call =
            () -> {
              start.await();
              caller.run(number);
              return true;
            };
        running.add(threads.submit(call));
      }
      for (Future<Boolean> done : running) {
        assertThat(done.get()).isTrue();
      }
    }
  }

  private void assertDirectoriesMatch() throws Exception {
    List<String> ids =
        snapshots.list(List.of()).stream()
            .filter(snapshot -> snapshot.content() instanceof Snapshot.Content.Ordinary)
            .map(snapshot -> Long.toString(snapshot.id()))
            .toList();
    try (var entries = Files.list(root.resolve("snapshots"))) {
      assertThat(entries.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(ids);
    }
  }

  @Test
  void callers_withCleanupAmongThem_loseNothing() throws Exception {
    together(number -> {
      for (int i = 0; i < 15; i++) {
        String name = "%d-%d".formatted(number, i);
        snapshots.prepare(name + "-key", "", Map.of());
        if (i % 5 == number % 5) {
          snapshots.cleanup();
        }
        snapshots.commit(name, name + "-key", "", Map.of());
        snapshots.view(name + "-view", name, Map.of());
        snapshots.remove(name + "-view");
        if (i % 2 == 0) {
          snapshots.remove(name);
        }
      }
    });
    assertThat(snapshots.list(List.of())).hasSize(CALLERS * 7);
    assertDirectoriesMatch();
  }

  @Test
  void prepare_ofOneTargetBySeveral_leavesOneSnapshot() throws Exception {
    together(number -> {
      Prepared prepared =
          snapshots.prepare(
              "extract-" + number,
              "",
              Map.of(
                  RemoteLabels.TARGET,
                  "sha256:base",
                  RemoteLabels.CRI_IMAGE,
                  "registry.example/app:1",
                  RemoteLabels.CRI_LAYER,
                  LAYER.toString()));
      assertThat(prepared).isEqualTo(new Prepared.AlreadyCommitted("sha256:base"));
    });
    assertThat(snapshots.list(List.of())).extracting(Snapshot::name).containsExactly("sha256:base");
    assertThat(layers.open).containsExactly(LAYER);
    assertDirectoriesMatch();
  }

  @Test
  void prepareAndRemove_overOneRemoteParent_keepTheChainWhileSomebodyHasIt() throws Exception {
    snapshots.prepare(
        "extract",
        "",
        Map.of(
            RemoteLabels.TARGET,
            "sha256:base",
            RemoteLabels.CRI_IMAGE,
            "registry.example/app:1",
            RemoteLabels.CRI_LAYER,
            LAYER.toString()));
    together(number -> {
      for (int i = 0; i < 15; i++) {
        String key = "%d-%d".formatted(number, i);
        snapshots.prepare(key, "sha256:base", Map.of());
        assertThat(layers.mounted).hasSize(1);
        snapshots.remove(key);
      }
    });
    assertThat(layers.mounted).isEmpty();
    assertDirectoriesMatch();
  }
}
