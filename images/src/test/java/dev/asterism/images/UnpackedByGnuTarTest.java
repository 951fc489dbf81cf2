package dev.asterism.images;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.LayerStream;
import dev.asterism.estargz.MemberEncoder;
import dev.asterism.estargz.TocPlace;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.tree.TreeListing;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What GNU tar unpacks of a converted layer is what it unpacks of the layer before: names, kinds,
/// rights, owners, times, xattrs and contents of random trees.
@Tag("kernel")
class UnpackedByGnuTarTest {
  private static final Set<String> OWN_FILES =
      Set.of("stargz.index.json", ".no.prefetch.landmark", ".prefetch.landmark", "");

  static LongStream seeds() {
    return Seeds.of(2);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void unpacked_byGnuTar_isTheTreeBefore(long seed) throws IOException, InterruptedException {
    Machine.requireRootAnd("tar", "getfattr");
    Layer layer = RandomTrees.plainLayer(Seeds.generator(seed), 60, 16 << 10);
    try (ScratchFolder scratch = ScratchFolder.create("asterism-gnu-tar")) {
      TreeListing before = unpacked(scratch.path().resolve("before"), layer.tar());
      String first = layer.entries().getLast().header().name();
      EstargzOptions usual = Layer.SMALL_CHUNKS.withMinChunkSize(30_000);
      List<EstargzOptions> ways =
          List.of(
              usual,
              usual.withPrioritized(List.of(first)),
              usual.withToc(TocPlace.BESIDE_SAME_TAR),
              Layer.SMALL_CHUNKS.withEncoder(MemberEncoder.ZSTD, 3));
      for (EstargzOptions way : ways) {
        byte[] blob = layer.estargz(way).bytes();
        byte[] tar = LayerStream.plain(new ByteArrayInputStream(blob)).readAllBytes();
        TreeListing after = unpacked(scratch.path().resolve("after" + ways.indexOf(way)), tar);
        assertThat(after.differenceFrom(before).toString()).as("seed %d, %s", seed, way).isEmpty();
      }
    }
  }

  private static TreeListing unpacked(Path folder, byte[] tar)
      throws IOException, InterruptedException {
    Files.createDirectory(folder);
    Command.of("tar", "-x", "-p", "--numeric-owner", "--xattrs", "--xattrs-include=*")
        .with("-C", folder.toString())
        .withInput(tar)
        .runOrThrow();
    return TreeListing.of(folder).filter(name -> !OWN_FILES.contains(name));
  }
}
