package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.await;
import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The rest of a layer comes without being asked for.
@Tag("kernel")
@Timeout(300)
final class BackgroundFetchTest {
  private static final byte[] BIG = RandomTrees.content(Seeds.generator(11), 5_000_001);
  private static final byte[] SMALL = RandomTrees.content(Seeds.generator(12), 9_001);
  private static final StartPolicy BACKGROUND =
      StartPolicy.NOTHING.with(StartPolicy.Background.DEFAULT);

  @TempDir Path directory;

  private LazyNode node(Origin origin) throws Exception {
    return LazyNode.start(directory, origin, LazyNode.PATIENT, BACKGROUND);
  }

  private static boolean isComplete(LazyNode node, LayerRequest layer) {
    return Files.exists(
        node.root().resolve("layers").resolve(layer.layer().hex()).resolve("complete"));
  }

  private static boolean areComplete(LazyNode node, LayerRequest... layers) {
    return Arrays.stream(layers).allMatch(layer -> isComplete(node, layer));
  }

  @Test
  void layer_complete_needsNeitherRegistryNorDaemon() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = node(origin)) {
      LayerRequest lower = origin.add(Layer.of(file("big", BIG), file("small", SMALL)));
      LayerRequest upper = origin.add(Layer.of(file("more", "content")));
      Path rootfs = node.mount(lower, upper);

      await(() -> areComplete(node, lower, upper));
      origin.registry().refuseConnections();
      node.stop();

      assertThat(node.objectSizes())
          .containsExactlyInAnyOrder((long) BIG.length, (long) SMALL.length, 7L);
      assertThat(cat(rootfs, "big").out()).isEqualTo(BIG);
      assertThat(cat(rootfs, "small").out()).isEqualTo(SMALL);
      assertThat(cat(rootfs, "more").text()).isEqualTo("content");
    }
  }

  @Test
  void layer_complete_fetchedNothingTwice() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = node(origin)) {
      LayerRequest layer = origin.add(Layer.of(file("big", BIG), file("small", SMALL)));
      Path rootfs = node.mount(layer);

      assertThat(cat(rootfs, "big").out()).isEqualTo(BIG);

      await(() -> isComplete(node, layer));
      assertThat(origin.overlaps(layer)).isEmpty();
    }
  }

  /// A bug while a layer is asked for (the first call of `isMounted`) or ended (the second).
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void layer_bugAtOneStep_isLoggedAndTheLayerTriedAgain(int step) throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin, LazyNode.PATIENT, StartPolicy.NOTHING);
        Logs logs = Logs.collect()) {
      LayerRequest request = origin.add(Layer.of(file("small", SMALL)));
      node.mount(request);
      LayerContent layer = node.service().fetching().catalog().layer(request.layer()).orElseThrow();
      AtomicInteger calls = new AtomicInteger();
      try (BackgroundFetch fetch =
          new BackgroundFetch(
              StartPolicy.Background.DEFAULT,
              _ -> {
                if (calls.incrementAndGet() == step) {
                  throw new IllegalStateException("a bug of the test's");
                }
                return true;
              },
              () -> false)) {
        fetch.add(layer, LayerDirectory.of(node.root().resolve("layers"), request.layer()));
        await(() -> isComplete(node, request));
      }
      assertThat(logs.text())
          .contains("background fetch failed by a bug", request.layer().toString());
    }
  }

  @Test
  void restart_registryWasAway_goesOnAndCompletes() throws Exception {
    try (Origin origin = Origin.startImpatient();
        LazyNode node = LazyNode.start(directory, origin, LazyNode.IMPATIENT, BACKGROUND)) {
      LayerRequest layer = origin.add(Layer.of(file("big", BIG), file("small", SMALL)));
      node.mount(layer);
      origin.registry().refuseConnections();
      node.stop();
      node.start();
      assertThat(node.service().layers().reopen(layer)).isNotNull();
      List<String> complete = node.find("layers", "-name", "complete");

      origin.registry().up();

      await(() -> isComplete(node, layer));
      assertThat(complete).hasSizeLessThanOrEqualTo(1); // it may have been quick the first time
      node.stop();
      assertThat(node.objectSizes())
          .containsExactlyInAnyOrder((long) BIG.length, (long) SMALL.length);
    }
  }

  @Test
  void restart_layerComplete_asksNobody() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = node(origin)) {
      LayerRequest layer = origin.add(Layer.of(file("big", BIG)));
      Path rootfs = node.mount(layer);
      await(() -> isComplete(node, layer));
      node.stop();
      int asked = origin.asked();

      node.start();
      node.service().layers().reopen(layer);

      assertThat(cat(rootfs, "big").out()).isEqualTo(BIG);
      assertThat(origin.asked()).isEqualTo(asked);
    }
  }
}
