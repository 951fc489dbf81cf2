package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.testkit.layer.Entry.dir;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.estargz.Annotations;
import dev.asterism.estargz.TocLocator;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.Layer.EstargzBlob;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.registry.TestLayer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Layers whose TOC is in another image.
@Tag("kernel")
@Timeout(300)
final class ExternalTocTest {
  private static final byte[] CONTENT = RandomTrees.content(Seeds.generator(5), 60_000);

  /// A gzip member without content whose extra field says where to look.
  private static final byte[] FOOTER =
      HexFormat.of()
          .parseHex(
              "1f8b08040000000000ff1500534711005354415247"
                  + "5a45585445524e414c544f43010000ffff0000000000000000");

  @TempDir Path directory;

  @Test
  void mount_ofALayerWithItsTocBeside_showsItsFiles() throws Exception {
    EstargzBlob blob = Layer.of(dir("usr"), file("usr/big", CONTENT)).estargz();
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory.resolve("node"), origin)) {
      LayerRequest layer = origin.add(withoutToc(blob), blob.tocDigest());
      tocImage(origin, toc(blob), layer.layer());

      Path rootfs = node.mount(layer);

      assertThat(cat(rootfs, "usr/big").orThrow().out()).isEqualTo(CONTENT);
    }
  }

  @Test
  void mount_ofALayerWhoseTocIsAnothers_isRefused() throws Exception {
    EstargzBlob blob = Layer.of(file("a", "1")).estargz();
    EstargzBlob other = Layer.of(file("a", "2")).estargz();
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory.resolve("node"), origin)) {
      LayerRequest layer = origin.add(withoutToc(blob), blob.tocDigest());
      tocImage(origin, toc(other), layer.layer());

      assertThatThrownBy(() -> node.mount(layer))
          .hasMessageContaining("TOC of layer " + layer.layer())
          .hasMessageContaining("is corrupt: expected " + blob.tocDigest());
    }
  }

  @Test
  void mount_ofALayerWithoutAnyToc_saysWhatIsMissing() throws Exception {
    EstargzBlob blob = Layer.of(file("a", "1")).estargz();
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory.resolve("node"), origin)) {
      LayerRequest layer = origin.add(withoutToc(blob), blob.tocDigest());
      assertThatThrownBy(() -> node.mount(layer)).hasMessageContaining("1-esgztoc");

      tocImage(origin, toc(blob), Digest.of(new byte[1]));

      assertThatThrownBy(() -> node.mount(layer))
          .hasMessageContaining("has no TOC of layer " + layer.layer());
    }
  }

  private static void tocImage(Origin origin, byte[] toc, Digest layer) {
    origin
        .registry()
        .image(
            "test/image",
            "1-esgztoc",
            TestLayer.gzip(toc).annotated(Annotations.LAYER_DIGEST, layer.toString()));
  }

  private static byte[] withoutToc(EstargzBlob blob) throws IOException {
    int payload = (int) TocLocator.locate(blob.blob()).tocOffset();
    byte[] bytes = Arrays.copyOf(blob.bytes(), payload + FOOTER.length);
    System.arraycopy(FOOTER, 0, bytes, payload, FOOTER.length);
    return bytes;
  }

  private static byte[] toc(EstargzBlob blob) throws IOException {
    return blob.blob().read(TocLocator.locate(blob.blob()).range());
  }
}
