package dev.asterism.snapshotter;

import static dev.asterism.snapshotter.Statuses.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ImageLayersTest {
  private static final Digest BASE = Digest.of(new byte[] {1});
  private static final Digest APP = Digest.of(new byte[] {2});
  private static final Digest OTHER = Digest.of(new byte[] {3});

  @TempDir private Path root;
  private AsterismService service;

  @BeforeEach
  void start() throws Exception {
    service = AsterismService.start(root);
    service.layers().reachable.addAll(List.of(BASE, APP, OTHER));
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
  }

  /// @param following digests of the layers that come after this one in the image
  private void pull(String image, String target, String parent, Digest layer, Digest... following) {
    StringBuilder layers = new StringBuilder(layer.toString());
    List.of(following).forEach(next -> layers.append(',').append(next));
    assertFails(
        Code.ALREADY_EXISTS,
        () ->
            service
                .client()
                .prepare(
                    "extract " + target,
                    parent,
                    Map.of(
                        RemoteLabels.TARGET,
                        target,
                        RemoteLabels.CRI_IMAGE,
                        image,
                        RemoteLabels.CRI_LAYER,
                        layer.toString(),
                        RemoteLabels.CRI_LAYERS,
                        layers.toString())));
  }

  private void pullTwoImagesOverOneBase() {
    pull("registry/b:1", "base", "", BASE, APP);
    pull("registry/b:1", "b", "base", APP);
    pull("registry/a:1", "a", "base", OTHER);
  }

  @Test
  void read_imagesOverOneBase_haveItBoth() throws IOException {
    pullTwoImagesOverOneBase();

    assertThat(ImageLayers.read(root))
        .containsExactly(
            new ImageLayers("registry/a:1", List.of(BASE, OTHER)),
            new ImageLayers("registry/b:1", List.of(BASE, APP)));
  }

  @Test
  void read_imageWhoseTopIsGone_isNotThereAnyMore() throws IOException {
    pullTwoImagesOverOneBase();
    service.client().remove("b");

    assertThat(ImageLayers.read(root))
        .containsExactly(new ImageLayers("registry/a:1", List.of(BASE, OTHER)));
  }

  @Test
  void read_imageThatAnotherIsBuiltOn_isOneToo() throws IOException {
    pull("registry/base:1", "base", "", BASE);
    pull("registry/a:1", "a", "base", OTHER);

    assertThat(ImageLayers.read(root))
        .containsExactly(
            new ImageLayers("registry/a:1", List.of(BASE, OTHER)),
            new ImageLayers("registry/base:1", List.of(BASE)));
  }

  @Test
  void read_afterTheDaemonEnded_saysTheSameAndLeavesNoFileBehind() throws Exception {
    pullTwoImagesOverOneBase();
    List<ImageLayers> online = ImageLayers.read(root);
    service.close();

    assertThat(ImageLayers.read(root)).isEqualTo(online);
    try (var files = Files.list(root)) {
      assertThat(files.map(path -> path.getFileName().toString()))
          .filteredOn(name -> name.startsWith("metadata"))
          .containsExactly("metadata.db");
    }
  }

  @Test
  void read_noMetadata_isEmpty(@TempDir Path elsewhere) throws IOException {
    assertThat(ImageLayers.read(elsewhere)).isEmpty();
  }

  @Test
  void read_noDatabase_saysWhichFile(@TempDir Path elsewhere) throws IOException {
    Path file = Files.writeString(elsewhere.resolve("metadata.db"), "no database".repeat(100));

    assertThatThrownBy(() -> ImageLayers.read(elsewhere))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file.toString());
  }
}
