package dev.asterism.layers;

import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Blob;
import dev.asterism.content.CorruptContentException;
import dev.asterism.content.Digest;
import dev.asterism.layers.LayerRequest.Verification;
import dev.asterism.testkit.layer.Layer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A chain of layers does not cost its number of round trips one after the other.
@Tag("kernel")
@Timeout(300)
final class OpenedAheadTest {
  private static final int LAYERS = 6;
  private static final long HANG = 60; // seconds: what no answer takes

  @TempDir Path directory;
  private Origin origin;
  private final List<LayerRequest> layers = new ArrayList<>();

  @BeforeEach
  void serve() {
    origin = Origin.start();
    for (int i = 0; i < LAYERS; i++) {
      layers.add(origin.add(Layer.of(file("f" + i, "content " + i))));
    }
  }

  @AfterEach
  void end() {
    origin.close();
  }

  private List<Digest> after(int layer) {
    return layers.stream().skip(layer + 1).map(LayerRequest::layer).toList();
  }

  /// Answers nobody before all layers were asked for: who asks one by one gets no answer at all.
  private BlobSource answeringAllOrNone() {
    CountDownLatch missing = new CountDownLatch(LAYERS);
    return (image, layer) -> {
      missing.countDown();
      try {
        if (!missing.await(HANG, TimeUnit.SECONDS)) {
          throw new IOException(missing.getCount() + " layers were not asked for");
        }
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      return origin.open(image, layer);
    };
  }

  @Test
  void prepare_ofAChain_asksForAllLayersSideBySideAndOnce() throws Exception {
    try (LazyNode node = LazyNode.start(directory, answeringAllOrNone())) {
      for (int i = 0; i < LAYERS; i++) {
        node.service().layers().expect(layers.get(i), after(i));
        node.service().layers().prepare(layers.get(i));
      }
      for (LayerRequest layer : layers) {
        assertThat(origin.ranges(layer)).doesNotHaveDuplicates();
      }
      int asked = origin.asked();

      Path rootfs = node.mount(layers.toArray(LayerRequest[]::new));

      assertThat(origin.asked()).isEqualTo(asked);
      assertThat(LazyNode.cat(rootfs, "f5").text()).isEqualTo("content 5");
    }
  }

  @Test
  void prepare_ofLayerWhoseTocIsAnother_isRefusedThoughItWasOpenedAhead() throws Exception {
    try (LazyNode node = LazyNode.start(directory, origin)) {
      LayerRequest lied = origin.request(layers.get(1).layer(), layers.get(2).layer());
      node.service().layers().expect(layers.get(0), after(0));
      node.service().layers().prepare(layers.get(0));
      assertThat(node.service().mountedLayers()).containsExactly(layers.get(0).layer());

      assertThatThrownBy(() -> node.service().layers().prepare(lied))
          .hasRootCauseInstanceOf(CorruptContentException.class);

      assertThat(node.service().mountedLayers()).containsExactly(layers.get(0).layer());
      node.service().layers().prepare(layers.get(1));
    }
  }

  @Test
  void expect_compilesTheNextLayersAndKeepsNoneThatNobodyAsksFor() throws Exception {
    try (LazyNode node = LazyNode.start(directory, origin)) {
      node.service().layers().expect(layers.get(0), after(0));
      LazyNode.await(() -> node.find("layers", "-name", "toc.digest").size() == LAYERS - 1);
      assertThat(node.service().mountedLayers()).isEmpty();

      node.service().layers().prepare(layers.get(1));
      node.stop();

      assertThat(node.find("layers", "-name", "toc.digest"))
          .singleElement()
          .asString()
          .contains(layers.get(1).layer().hex());
      node.start();
    }
  }

  @Test
  void expect_ofChain_mergesItBeforeItIsMounted() throws Exception {
    try (LazyNode node = LazyNode.start(directory, origin)) {
      for (LayerRequest layer : layers) {
        node.service().layers().prepare(layer);
      }
      Chain chain = Chain.of(layers.stream().map(LayerRequest::layer).toList());

      node.service().layers().expect(chain);

      LazyNode.await(() -> node.find("chains", "-name", chain.id().hex() + ".erofs").size() == 1);
      Path rootfs = node.mount(layers.toArray(LayerRequest[]::new));
      assertThat(LazyNode.cat(rootfs, "f5").text()).isEqualTo("content 5");
    }
  }

  @Test
  void open_ofBlobThatCouldNotBeOpenedAhead_asksAgain() throws Exception {
    CountDownLatch failed = new CountDownLatch(1);
    OpenedAhead ahead =
        new OpenedAhead((image, layer) -> {
          if (failed.getCount() > 0) {
            failed.countDown();
            throw new IOException("not now");
          }
          return origin.open(image, layer);
        });
    LayerRequest layer = layers.getFirst();
    ahead.expect(layer.image(), List.of(layer.layer()));
    assertThat(failed.await(HANG, TimeUnit.SECONDS)).isTrue();
    LazyNode.await(ahead::isSettled);

    Blob blob = ahead.open(layer.image(), layer.layer());

    assertThat(blob.size()).isEqualTo(origin.size(layer));
  }

  @Test
  void expect_ofMoreThanTheBound_opensNoMore() throws Exception {
    List<Digest> many = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      many.add(Digest.of(new byte[] {(byte) i}));
    }
    List<Digest> asked = Collections.synchronizedList(new ArrayList<>());
    OpenedAhead ahead =
        new OpenedAhead((_, layer) -> {
          asked.add(layer);
          throw new IOException("never");
        });

    ahead.expect("image", many);
    LazyNode.await(ahead::isSettled);

    assertThat(asked).containsExactlyInAnyOrderElementsOf(many.subList(0, OpenedAhead.WINDOW));
  }

  /// A registry that takes connections and says nothing.
  private BlobSource silentAt(String host, CountDownLatch end) {
    return (image, layer) -> {
      if (image.startsWith(host)) {
        try {
          end.await();
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
        throw new IOException("never answered");
      }
      return origin.open(image, layer);
    };
  }

  @Test
  void expect_whileAnotherRegistryIsSilent_compilesAllTheSame() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    List<Digest> unanswered = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      unanswered.add(Digest.of(new byte[] {(byte) i, 1}));
    }
    try (LazyNode node = LazyNode.start(directory, silentAt("silent.example", end))) {
      for (int i = 0; i < 5; i++) {
        LayerRequest silent =
            new LayerRequest(
                "silent.example/image:" + i,
                unanswered.getFirst(),
                Optional.empty(),
                Verification.REQUIRED);
        node.service().layers().expect(silent, unanswered);
      }

      node.service().layers().expect(layers.get(0), after(0));

      LazyNode.await(() -> node.find("layers", "-name", "toc.digest").size() == LAYERS - 1);
      end.countDown();
    } finally {
      end.countDown();
    }
  }
}
