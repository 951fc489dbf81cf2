package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.await;
import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.ByteRange;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.link.LinkShape;
import dev.asterism.testkit.process.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What is fetched because the image, a label or the configuration says so.
@Tag("kernel")
@Timeout(300)
final class PrefetchTest {
  private static final byte[] FIRST = RandomTrees.content(Seeds.generator(1), 50_001);
  private static final byte[] SECOND = RandomTrees.content(Seeds.generator(2), 300_001);
  private static final byte[] OTHER = RandomTrees.content(Seeds.generator(3), 90_001);
  private static final Layer TREE =
      Layer.of(file("other", OTHER), file("first", FIRST), file("second", SECOND));

  @TempDir Path directory;

  private static Layer.EstargzBlob optimized() {
    return TREE.estargz(Layer.SMALL_CHUNKS.withPrioritized(List.of("first", "second")));
  }

  private static StartPolicy prefetching(long size, Duration patience, long asyncSize) {
    return StartPolicy.NOTHING.with(new StartPolicy.Prefetching(true, size, patience, asyncSize));
  }

  private LazyNode node(Origin origin, StartPolicy policy) throws Exception {
    return LazyNode.start(directory, origin, LazyNode.PATIENT, policy);
  }

  private static long landmark(LazyNode node, LayerRequest layer) throws Exception {
    Path file = node.root().resolve("layers").resolve(layer.layer().hex()).resolve("landmark");
    return Long.parseLong(Files.readString(file).strip().substring("upto ".length()));
  }

  @Test
  void prepare_layerWithLandmark_fetchesWhatLiesBeforeItAndNoMore() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = node(origin, StartPolicy.NOTHING.with(StartPolicy.Prefetching.DEFAULT))) {
      LayerRequest layer = origin.add(optimized());
      Path rootfs = node.mount(layer);

      await(
          () -> node.objectSizes().containsAll(List.of((long) FIRST.length, (long) SECOND.length)));
      node.stop(); // from now on there is only what has been fetched

      long landmark = landmark(node, layer);
      assertThat(origin.ranges(layer).stream().filter(range -> range.start() < landmark))
          .isNotEmpty()
          .allMatch(range -> range.end() <= landmark);
      assertThat(origin.overlaps(layer)).isEmpty();
      assertThat(cat(rootfs, "first").out()).isEqualTo(FIRST);
      assertThat(cat(rootfs, "second").out()).isEqualTo(SECOND);
      assertThat(cat(rootfs, "other").exitCode()).isNotZero();
    }
  }

  @Test
  void prepare_largeLayerBelowASmallOne_doesNotKeepTheLinkFromIt() throws Exception {
    byte[] large = new byte[8 << 20];
    Seeds.generator(4).nextBytes(large);
    StartPolicy prefetching = StartPolicy.NOTHING.with(StartPolicy.Prefetching.DEFAULT);
    try (Origin origin = Origin.startBehind(LinkShape.of(100, 10));
        LazyNode node = node(origin, prefetching)) {
      LayerRequest bottom =
          origin.add(
              Layer.of(file("other", OTHER), file("large", large))
                  .estargz(Layer.SMALL_CHUNKS.withPrioritized(List.of("large"))));
      LayerRequest top = origin.add(optimized());

      Path _ = node.mount(bottom, top);

      await(
          () -> node.objectSizes().containsAll(List.of((long) FIRST.length, (long) SECOND.length)));
      assertThat(node.objectSizes()).doesNotContain((long) large.length);
      await(() -> node.objectSizes().contains((long) large.length));
      assertThat(origin.overlaps(bottom)).isEmpty();
      assertThat(origin.overlaps(top)).isEmpty();
    }
  }

  @Test
  void mount_patienceConfigured_waitsForThePrefetch() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = node(origin, prefetching(0, Duration.ofSeconds(60), 0))) {
      LayerRequest layer = origin.add(optimized());

      Path rootfs = node.mount(layer);
      origin.registry().refuseConnections();

      Outcome read = cat(rootfs, "first");
      assertThat(read.out()).isEqualTo(FIRST);
    }
  }

  @Test
  void prepare_sameLayerForTwoImages_prefetchesOnce() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = node(origin, prefetching(0, Duration.ofSeconds(60), 0))) {
      LayerRequest layer = origin.add(optimized());
      node.mount(layer);
      List<ByteRange> once = origin.ranges(layer);

      node.mount(
          new LayerRequest(
              layer.image() + "-again", layer.layer(), layer.tocDigest(), layer.verification()));

      assertThat(origin.ranges(layer)).isEqualTo(once);
    }
  }

  private static boolean isIdle(FetchReport registry) {
    return registry.queued() == 0 && registry.running().isEmpty();
  }

  @Test
  void retain_layerThatIsBeingPrefetched_fetchesNoMoreOfIt() throws Exception {
    byte[] large = new byte[32 << 20];
    Seeds.generator(5).nextBytes(large);
    StartPolicy prefetching = StartPolicy.NOTHING.with(StartPolicy.Prefetching.DEFAULT);
    try (Origin origin = Origin.startBehind(LinkShape.of(40, 10));
        LazyNode node = node(origin, prefetching)) {
      LayerRequest layer =
          origin.add(
              Layer.of(file("other", OTHER), file("large", large))
                  .estargz(Layer.SMALL_CHUNKS.withPrioritized(List.of("large"))));
      node.service().layers().prepare(layer);
      await(() -> !origin.ranges(layer).isEmpty());

      node.service().layers().retain(LazyNode::nothing);

      await(() -> node.service().fetches().stream().allMatch(PrefetchTest::isIdle));
      assertThat(origin.ranges(layer).stream().mapToLong(ByteRange::length).sum())
          .isLessThan(16 << 20);
    }
  }

  @Test
  void prepare_layerWithoutOrderAndALabel_fetchesNothing() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = node(origin, prefetching(1 << 20, Duration.ofSeconds(60), 0))) {
      LayerRequest layer = origin.add(TREE); // written with the landmark that forbids it
      node.mount(layer.withPrefetch(OptionalLong.of(1 << 20)));

      assertThat(node.objectSizes()).isEmpty();
      assertThat(node.find("cache/chunks")).isEmpty();
    }
  }

  @Test
  void prepare_noprefetch_fetchesNothing() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = node(origin, StartPolicy.NOTHING)) {
      node.mount(origin.add(optimized()));

      assertThat(node.objectSizes()).isEmpty();
      assertThat(node.find("cache/chunks")).isEmpty();
    }
  }

  /// Compiles a layer, and lets it say nothing of a prefetch.
  private LayerRequest compiledWithoutLandmark(Origin origin) throws Exception {
    LayerRequest layer = origin.add(optimized());
    try (LazyNode node = node(origin, StartPolicy.NOTHING)) {
      node.mount(layer);
      Files.delete(node.root().resolve("layers").resolve(layer.layer().hex()).resolve("landmark"));
    }
    return layer;
  }

  @Test
  void prepare_layerThatSaysNothing_fetchesAsMuchAsIsConfigured() throws Exception {
    try (Origin origin = Origin.start()) {
      LayerRequest layer = compiledWithoutLandmark(origin);
      int before = origin.ranges(layer).size();
      try (LazyNode node = node(origin, prefetching(60_000, Duration.ofSeconds(60), 0))) {
        node.mount(layer); // waits for the prefetch
        assertThat(node.find("cache/chunks")).isNotEmpty();
        assertThat(origin.ranges(layer).stream().skip(before))
            .isNotEmpty()
            .allMatch(range -> range.start() < 60_000 && range.end() < 200_000);
      }
    }
  }

  @Test
  void prepare_labelSaysHowMuch_countsBeforeTheConfiguration() throws Exception {
    try (Origin origin = Origin.start()) {
      LayerRequest layer = compiledWithoutLandmark(origin);
      int before = origin.ranges(layer).size();
      try (LazyNode node = node(origin, prefetching(60_000, Duration.ofSeconds(60), 0))) {
        node.mount(layer.withPrefetch(OptionalLong.of(0)));
        assertThat(origin.ranges(layer)).hasSize(before);
      }
    }
  }

  @Test
  @Timeout(value = 1, unit = TimeUnit.MINUTES)
  void mount_prefetchLargerThanTheAsyncSize_isNotWaitedFor() throws Exception {
    try (Origin origin = Origin.start()) {
      LayerRequest layer = compiledWithoutLandmark(origin);
      origin.registry().fallSilent();
      try (LazyNode node = node(origin, prefetching(60_000, Duration.ofDays(1), 59_999))) {
        node.mount(layer); // else the test's time is over
        origin.registry().up();
      }
    }
  }
}
