package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.await;
import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
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
  private static final byte[] OTHER = RandomTrees.content(Seeds.generator(13), 900_001);
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

  @Test
  void layer_whileAStartGoesOn_waitsAndThenComes() throws Exception {
    AtomicInteger looks = new AtomicInteger();
    AtomicBoolean starting = new AtomicBoolean(true);
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin);
        BackgroundFetch fetch =
            new BackgroundFetch(
                StartPolicy.Background.DEFAULT,
                _ -> true,
                () -> {
                  looks.incrementAndGet();
                  return starting.get();
                })) {
      LayerRequest layer = origin.add(Layer.of(file("small", SMALL)));
      node.service().layers().prepare(layer);
      int asked = origin.asked();

      add(fetch, node, layer);
      await(() -> looks.get() > 5);

      assertThat(origin.asked()).isEqualTo(asked);
      starting.set(false);
      await(() -> isComplete(node, layer));
    }
  }

  @Test
  void restart_partIsHere_fetchesOnlyTheRest() throws Exception {
    try (Origin origin = Origin.start()) {
      LayerRequest layer =
          origin.add(Layer.of(file("big", BIG), file("small", SMALL), file("more", OTHER)));
      try (LazyNode node = LazyNode.start(directory, origin)) {
        Path rootfs = node.mount(layer);
        origin.registry().traffic().reset(); // where the TOC is looked for, files come along
        assertThat(cat(rootfs, "more").out()).isEqualTo(OTHER);
        await(() -> node.service().fetches().stream().allMatch(of -> of.running().isEmpty()));
      }

      try (LazyNode node = node(origin)) {
        node.service().layers().prepare(layer);
        await(() -> isComplete(node, layer));
      }

      assertThat(origin.ranges(layer)).hasSizeGreaterThan(1);
      assertThat(origin.overlaps(layer)).isEmpty();
    }
  }

  private static void add(BackgroundFetch fetch, LazyNode node, LayerRequest layer) {
    fetch.add(
        node.service().fetching().catalog().layer(layer.layer()).orElseThrow(),
        LayerDirectory.of(node.root().resolve("layers"), layer.layer()));
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

  /// A registry that says nothing, for as long as the test likes, beside one that answers.
  private record Deaf(Origin origin, String host, CountDownLatch dead, CountDownLatch over)
      implements BlobSource {
    @Override
    public Blob open(String image, Digest layer) throws IOException {
      Blob blob = origin.open(image.replace(host, "localhost"), layer);
      return new Blob() {
        @Override
        public long size() {
          return blob.size();
        }

        @Override
        public InputStream open(ByteRange range) throws IOException {
          if (dead.getCount() == 0 && image.startsWith(host)) {
            try {
              over.await();
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
            throw new IOException("no answer");
          }
          return blob.open(range);
        }
      };
    }
  }

  private static LayerRequest on(String host, LayerRequest layer) {
    String path = layer.image().substring(layer.image().indexOf(':'));
    return new LayerRequest(host + path, layer.layer(), layer.tocDigest(), layer.verification());
  }

  @Test
  void layers_oneRegistryIsDead_thoseOfTheOthersComplete() throws Exception {
    StartPolicy one = StartPolicy.NOTHING.with(new StartPolicy.Background(true, 1));
    CountDownLatch over = new CountDownLatch(1);
    try (Origin origin = Origin.start()) {
      Deaf source = new Deaf(origin, "dead.localhost", new CountDownLatch(1), over);
      LayerRequest dead = on(source.host(), origin.add(Layer.of(file("big", BIG))));
      LayerRequest alive = on("localhost", origin.add(Layer.of(file("small", SMALL))));
      try (LazyNode node = LazyNode.start(directory, source)) {
        node.service().layers().prepare(dead); // compiled while it answers
      }
      source.dead().countDown();
      try (LazyNode node = LazyNode.start(directory, source, LazyNode.PATIENT, one)) {
        node.service().layers().prepare(dead);
        await(() -> node.service().fetches().stream().anyMatch(fetch -> fetch.queued() > 0));

        node.service().layers().prepare(alive);

        await(() -> isComplete(node, alive));
        assertThat(isComplete(node, dead)).isFalse();
        over.countDown();
      } finally {
        over.countDown();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"background-fetch ", "end "})
  void layer_bugInOneAttempt_isLoggedAndTheNextCompletesIt(String thread) throws Exception {
    AtomicBoolean bug = new AtomicBoolean(true);
    try (Logs logs = Logs.collect();
        Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin);
        BackgroundFetch fetch =
            new BackgroundFetch(
                StartPolicy.Background.DEFAULT,
                _ -> {
                  if (Thread.currentThread().getName().startsWith(thread)
                      && bug.compareAndSet(true, false)) {
                    throw new IllegalStateException("a bug");
                  }
                  return true;
                },
                () -> false)) {
      LayerRequest layer = origin.add(Layer.of(file("small", SMALL)));
      node.service().layers().prepare(layer);

      add(fetch, node, layer);

      await(() -> isComplete(node, layer));
      assertThat(logs.text()).contains("bug in the background fetch", layer.layer().toString());
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
