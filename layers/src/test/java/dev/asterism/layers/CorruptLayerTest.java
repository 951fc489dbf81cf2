package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.testkit.layer.Entry.dir;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.asterism.content.Digest;
import dev.asterism.estargz.TocLocator;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.registry.Fault;
import dev.asterism.testkit.registry.Target;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Layers with bytes that are not what they should be: never wrong bytes, nothing kept, and an
/// error that says what and where.
@Tag("kernel")
@Timeout(300)
final class CorruptLayerTest {
  private static final byte[] BIG = RandomTrees.content(Seeds.generator(5), 60_000);
  private static final byte[] SMALL = RandomTrees.content(Seeds.generator(6), 9_000);

  @TempDir Path directory;

  private static Layer.EstargzBlob blob() {
    return Layer.of(dir("usr"), file("usr/small", SMALL), file("usr/big", BIG)).estargz();
  }

  /// A flip anywhere in the payload: some break the compression, some only the hash.
  @Test
  void read_flippedByteInTheBlob_isEioOrRightAndSharesOnlyWhatIsRight() throws Exception {
    Layer.EstargzBlob blob = blob();
    long payload = TocLocator.locate(blob.blob()).tocOffset();
    int failures = 0;
    try (Origin origin = Origin.start()) {
      LayerRequest layer = origin.add(blob);
      for (long at = 60; at < payload; at += payload / 12) {
        try (LazyNode node = LazyNode.start(directory.resolve("at" + at), origin)) {
          Path rootfs = node.mount(layer);
          origin.registry().fault(Target.blob(layer.layer()), new Fault.FlippedByte(at));

          failures += assertRightOrEio(cat(rootfs, "usr/small"), SMALL);
          failures += assertRightOrEio(cat(rootfs, "usr/big"), BIG);
          node.assertStoreIsRight();

          origin.registry().clearFaults();
          assertThat(cat(rootfs, "usr/small").orThrow().out()).isEqualTo(SMALL);
          assertThat(cat(rootfs, "usr/big").orThrow().out()).isEqualTo(BIG);
        }
      }
    }
    assertThat(failures).isGreaterThan(5);
  }

  private static int assertRightOrEio(Outcome read, byte[] content) {
    assertThat(read.out()).isEqualTo(Arrays.copyOf(content, read.out().length));
    if (read.exitCode() == 0) {
      assertThat(read.out()).hasSameSizeAs(content);
      return 0;
    }
    assertThat(read.errorText()).endsWith("Input/output error");
    return 1;
  }

  @Test
  void read_otherBytesThanTheTocSays_namesLayerFileAndDigest() throws Exception {
    Layer.EstargzBlob blob = blob();
    Digest content = Digest.of(SMALL);
    Digest claimed = Digest.of(new byte[] {1});
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin);
        Logs logs = Logs.collect()) {
      LayerRequest layer =
          Forgery.add(origin, blob, toc -> toc.replace(content.toString(), claimed.toString()));
      Path rootfs = node.mount(layer);

      assertThat(cat(rootfs, "usr/small").errorText()).endsWith("Input/output error");

      assertThat(logs.text())
          .contains(layer.layer().toString())
          .contains("usr/small")
          .contains(claimed.toString())
          .contains(content.toString());
      assertThat(node.objectSizes()).doesNotContain((long) SMALL.length);
    }
  }

  @Test
  void prepare_flippedByteInTocOrFooter_failsNamesTheLayerAndLeavesNothing() throws Exception {
    Layer.EstargzBlob blob = blob();
    int toc = (int) TocLocator.locate(blob.blob()).tocOffset();
    int size = blob.bytes().length;
    List<Integer> places =
        IntStream.concat(
                IntStream.iterate(toc + 12, at -> at < size - 51, at -> at + (size - toc) / 9),
                IntStream.of(size - 51, size - 38, size - 30, size - 20))
            .boxed()
            .toList();
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      LayerRequest layer = origin.add(blob);
      for (int at : places) {
        origin.registry().clearFaults();
        origin.registry().fault(Target.blob(layer.layer()), new Fault.FlippedByte(at));

        IOException failure =
            catchThrowableOfType(IOException.class, () -> node.service().layers().prepare(layer));

        assertThat(failure).as("byte %d of %d", at, size).isNotNull();
        assertThat(failure).hasMessageContaining(layer.layer().toString());
        assertThat(node.root().resolve("layers")).isEmptyDirectory();
        assertThat(node.find("cache/layers")).isEmpty();
      }
      origin.registry().clearFaults();
      assertThat(cat(node.mount(layer), "usr/small").orThrow().out()).isEqualTo(SMALL);
    }
  }

  @Test
  void prepare_tocOfAnotherDigestThanPinned_failsNamesBothAndLeavesNothing() throws Exception {
    Layer.EstargzBlob blob = blob();
    Digest pinned = Digest.of(new byte[] {2});
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      LayerRequest layer = origin.add(blob.bytes(), pinned);

      IOException failure =
          catchThrowableOfType(IOException.class, () -> node.service().layers().prepare(layer));

      assertThat(failure)
          .hasMessageContaining(layer.layer().toString())
          .hasMessageContaining(pinned.toString())
          .hasMessageContaining(blob.tocDigest().toString());
      assertThat(node.root().resolve("layers")).isEmptyDirectory();
      assertThat(node.root().resolve("chains")).isEmptyDirectory();
      assertThat(node.service().store().layers()).isEmpty();
    }
  }
}
