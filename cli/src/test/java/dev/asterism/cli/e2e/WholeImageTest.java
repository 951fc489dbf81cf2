package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cli.e2e.DockerRegistry.Traffic;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.tree.ErofsImages;
import dev.asterism.testkit.tree.TreeListing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/// A converted Debian image under Asterism is what it is under containerd's overlayfs.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class WholeImageTest {
  private final Cleanup cleanup = Cleanup.open();
  private DockerRegistry registry;
  private TestNode node;
  private String image;
  private Traffic pulled;
  private Map<String, Boolean> prepared;

  @BeforeAll
  void pull() throws IOException, InterruptedException {
    registry = DockerRegistry.start(RealImage.storage());
    cleanup.add(registry::close);
    node = TestNode.start("no_background_fetch = true\n"); // so that what comes was asked for
    cleanup.add(node::close);
    image = registry.reference(RealImage.LAZY);
    node.pull(image);
    pulled = registry.traffic();
    prepared = node.prepared();
    node.pullWhole(image);
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  @Test
  void pull_ofConvertedImage_preparesEveryLayerRemotely() {
    assertThat(prepared).hasSize(RealImage.LAYERS).doesNotContainValue(false);
  }

  @Test
  void pull_ofConvertedImage_isOneLineInTheLog() throws IOException {
    assertThat(node.log())
        .containsOnlyOnce("image-prepared")
        .containsPattern("image-prepared.*\"layers\":\"4\",\"lazy\":\"4\"");
  }

  @Test
  void pull_ofConvertedImage_fetchesTheTocsOnly() throws IOException {
    assertThat(pulled.requests()).isPositive();
    assertThat(pulled.bytes()).isLessThan(Images.size(image) / 25);
  }

  @Test
  void tree_ofEveryFile_isWhatOverlayfsShows() throws IOException, InterruptedException {
    TreeListing expected =
        node.tree(TestNode.OVERLAYFS, image)
            .filter(name -> !RealImage.OWN_FILES.contains(name))
            .roundedToSeconds();

    TreeListing actual = node.tree(TestNode.ASTERISM, image).roundedToSeconds();

    assertThat(actual.withoutRootTime().differenceFrom(expected.withoutRootTime()).lines())
        .isEmpty();
  }

  @Test
  void images_ofEveryLayerAndOfTheirChain_areAcceptedByFsck()
      throws IOException, InterruptedException {
    node.startIdle(image);

    List<Path> images = ErofsImages.below(node.root());

    assertThat(images).hasSizeGreaterThan(RealImage.LAYERS); // each layer's, and the chain's
    assertThat(ErofsImages.refused(images)).isEmpty();
    node.removeContainers();
  }

  @Test
  void container_thatHashesEveryFile_readsWhatOverlayfsHolds()
      throws IOException, InterruptedException {
    String expected = node.run(TestNode.OVERLAYFS, image, RealImage.HASH_ALL);

    String actual = node.run(TestNode.ASTERISM, image, RealImage.HASH_ALL);

    assertThat(actual.lines()).containsExactlyElementsOf(expected.lines().toList());
  }
}
