package dev.asterism.cli.inspect;

import static dev.asterism.testkit.layer.Entry.dir;
import static dev.asterism.testkit.layer.Entry.file;
import static dev.asterism.testkit.layer.Entry.symlink;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.CorruptContentException;
import dev.asterism.content.Digest;
import dev.asterism.estargz.Annotations;
import dev.asterism.registry.Credentials;
import dev.asterism.registry.Hosts;
import dev.asterism.registry.Image;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.Platform;
import dev.asterism.registry.RegistryClient;
import dev.asterism.registry.RequestPolicy;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.registry.TestImage;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectionTest {
  @TempDir private Path root;

  private final TestRegistry registry = TestRegistry.start();
  private final RegistryClient client =
      new RegistryClient(
          Hosts.standard(), Credentials.anonymous(), RequestPolicy.DEFAULT, InstantSource.system());

  @AfterEach
  void close() throws Exception {
    client.close();
    registry.close();
  }

  private List<Inspection.Layer> inspect(TestLayer... layers) throws Exception {
    TestImage served = registry.image("app", "1", layers);
    Image image = client.resolve(ImageReference.parse(registry.reference(served)), Platform.host());
    return new Inspection(client, root, _ -> {}).layers(image);
  }

  private static TestLayer pinned(Layer.EstargzBlob layer) {
    return TestLayer.gzip(layer.bytes())
        .annotated(Annotations.TOC_DIGEST, layer.tocDigest().toString());
  }

  @Test
  void layers_sameFileInTwo_isShared() throws Exception {
    Layer lower = Layer.of(dir("etc"), file("etc/a", "same bytes"), symlink("b", "etc/a"));
    Layer upper = Layer.of(file("c", "same bytes"), file("d", "others"));

    List<Inspection.Layer> layers = inspect(pinned(lower.estargz()), pinned(upper.estargz()));

    LayerFigures first = layers.getFirst().figures().orElseThrow();
    LayerFigures second = layers.getLast().figures().orElseThrow();
    assertThat(List.of(first.files(), first.directories(), first.links(), first.sharedBelow()))
        .containsExactly(1L, 1L, 1L, 0L);
    assertThat(List.of(second.files(), second.bytes(), second.chunks(), second.sharedBelow()))
        .containsExactly(2L, 16L, 2L, 10L);
    assertThat(second.verified()).isTrue();
  }

  @Test
  void layers_chunkInTheStore_isCounted() throws Exception {
    String hex = Digest.of("same bytes".getBytes(StandardCharsets.UTF_8)).hex();
    Path folder = root.resolve("cache/objects").resolve(hex.substring(0, 2));
    Files.writeString(Files.createDirectories(folder).resolve(hex), "same bytes");

    List<Inspection.Layer> layers =
        inspect(pinned(Layer.of(file("a", "same bytes"), file("b", "x")).estargz()));

    assertThat(layers.getFirst().figures().orElseThrow().inStore()).isEqualTo(10);
  }

  @Test
  void layers_ordinaryTarGz_hasNoFigures() throws Exception {
    List<Inspection.Layer> layers = inspect(TestLayer.gzip(Layer.of(file("a", "b")).tarGz()));

    assertThat(layers.getFirst().figures()).isEmpty();
  }

  @Test
  void layers_otherTocThanPinned_isRefused() {
    TestLayer forged =
        TestLayer.gzip(Layer.of(file("a", "b")).estargz().bytes())
            .annotated(Annotations.TOC_DIGEST, Digest.of(new byte[0]).toString());

    assertThatThrownBy(() -> inspect(forged)).isInstanceOf(CorruptContentException.class);
  }
}
