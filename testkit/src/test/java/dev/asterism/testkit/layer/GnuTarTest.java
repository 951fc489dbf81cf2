package dev.asterism.testkit.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.EstargzWriter;
import dev.asterism.estargz.Landmark;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.tree.TreeListing;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.LongStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// GNU tar reads what this project writes, and the other way round.
@Tag("kernel")
class GnuTarTest {
  private static final int CHUNK = 4096;

  @BeforeAll
  static void tools() {
    Tools.requireRootAnd("tar", "getfattr");
  }

  static LongStream seeds() {
    return Seeds.of(3);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void tar_ofALayer_isWhatGnuTarPacksAgain(long seed, @TempDir Path dir) throws Exception {
    Layer layer = RandomTrees.plainLayer(Seeds.generator(seed), 40, CHUNK);
    byte[] tar = gunzip(layer.estargz(Layer.SMALL_CHUNKS.withMinChunkSize(3000)).bytes());

    Path tree = extract(tar, dir.resolve("tree"));
    byte[] packed =
        Command.of("tar", "-c", "--xattrs", "--xattrs-include=*", "--format=posix", "-C")
            .with(tree.toString(), ".")
            .runOrThrow()
            .out();
    Path again =
        extract(gunzip(reread(packed, Layer.SMALL_CHUNKS.chunkSize())), dir.resolve("again"));

    assertThat(tree.resolve(Landmark.TOC)).exists();
    TreeListing expected = TreeListing.of(tree).filter(GnuTarTest::isImage);
    TreeListing actual = TreeListing.of(again).filter(GnuTarTest::isImage);
    assertThat(expected.entries()).hasSizeGreaterThan(40);
    assertThat(actual.differenceFrom(expected).toString()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--format=gnu", "--format=posix", "--sparse-version=0.1"})
  void convert_sparseFilesOfGnuTar_areWholeFiles(String format, @TempDir Path dir)
      throws Exception {
    Path source = Files.createDirectory(dir.resolve("source"));
    Path file = source.resolve("sparse");
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      for (int i = 0; i < 60; i++) { // more parts than one old header holds
        out.seek(i * 100_000L);
        out.write(new byte[] {1, 2, 3, (byte) i});
      }
      out.setLength(7_000_000);
    }
    Files.writeString(source.resolve("zlast"), "behind it");
    byte[] tar =
        Command.of("tar", "-c", "--sparse", "--format=posix", format, "-C")
            .with(source.toString(), ".")
            .runOrThrow()
            .out();
    assertThat(tar.length).isLessThan(2_000_000);

    Path tree = extract(gunzip(reread(tar, 1 << 20)), dir.resolve("tree"));

    assertThat(tree.resolve("sparse")).hasSameBinaryContentAs(file);
    assertThat(tree.resolve("zlast")).hasContent("behind it");
  }

  private static boolean isImage(String name) {
    return !Landmark.isBookkeeping(name) && !name.isEmpty();
  }

  private static byte[] reread(byte[] tar, int chunkSize) throws IOException {
    ByteArrayOutputStream blob = new ByteArrayOutputStream();
    EstargzWriter.convert(
        new ByteArrayInputStream(tar), EstargzOptions.DEFAULT.withChunkSize(chunkSize), blob);
    return blob.toByteArray();
  }

  private static Path extract(byte[] tar, Path into) throws Exception {
    Files.createDirectory(into);
    Command.of("tar", "-x", "-p", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C")
        .with(into.toString())
        .withInput(tar)
        .runOrThrow();
    return into;
  }

  private static byte[] gunzip(byte[] blob) throws IOException {
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(blob))) {
      return in.readAllBytes();
    }
  }
}
