package dev.asterism.testkit.layer;

import static dev.asterism.testkit.layer.Entry.dir;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.MemberEncoder;
import dev.asterism.estargz.TocLocation;
import dev.asterism.testkit.layer.Layer.EstargzBlob;
import dev.asterism.testkit.process.Command;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The Go tools (Debian's stargz-snapshotter) read what this project writes, and the other way
/// round.
@Tag("kernel")
class GoToolsTest {
  private static final int CHUNK = 4096;

  @BeforeAll
  static void tools() {
    Tools.requireRootAnd("containerd", "ctr", "ctr-remote");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3000})
  void getTocDigest_ofOurLayer_isOurs(int minChunkSize, @TempDir Path dir) throws Exception {
    EstargzOptions options =
        EstargzOptions.DEFAULT.withChunkSize(CHUNK).withMinChunkSize(minChunkSize);
    EstargzBlob blob = RandomTrees.layer(Seeds.generator(1), 60, CHUNK).estargz(options);
    try (Containerd containerd = Containerd.start(dir)) {
      containerd.ingest(blob.digest(), blob.bytes());

      String digest =
          containerd
              .ctrRemote("images", "get-toc-digest", blob.digest().toString())
              .runOrThrow()
              .text();
      String toc =
          containerd
              .ctrRemote("images", "get-toc-digest", "--dump-toc", blob.digest().toString())
              .runOrThrow()
              .text();

      assertThat(digest).isEqualTo(blob.tocDigest().toString());
      // Go prints what it understood with the layout and the order of fields that we write.
      assertThat(toc).contains("\"type\": \"reg\"").contains(".no.prefetch.landmark");
    }
  }

  @Test
  void convert_byTheGoTools_isReadAsItsTar(@TempDir Path dir) throws Exception {
    Layer layer = RandomTrees.plainLayer(Seeds.generator(2), 60, CHUNK);
    try (Containerd containerd = Containerd.start(dir)) {
      containerd.importImage("example.com/plain:1", layer.tar());

      byte[] blob =
          containerd.convert(
              "example.com/plain:1",
              "example.com/plain:esgz",
              "--estargz",
              "--oci",
              "--estargz-chunk-size",
              Integer.toString(CHUNK));

      LayerFiles read = LayerFiles.read(new MemoryBlob(blob));
      assertThat(read.location().format()).isEqualTo(TocLocation.Format.ESTARGZ);
      Entries.assertHold(read, layer);
      containerd.ingest(Digest.of(blob), blob);
      assertThat(
              containerd
                  .ctrRemote("images", "get-toc-digest", Digest.of(blob).toString())
                  .runOrThrow()
                  .text())
          .isEqualTo(read.tocDigest().toString());
    }
  }

  @Test
  void convert_aRealTreeByTheGoTools_isReadAsItsTar(@TempDir Path dir) throws Exception {
    byte[] tar =
        Command.of("tar", "-c", "--format=gnu", "--numeric-owner", "-C", "/etc", ".").run().out();
    Layer layer = Layer.ofTar(tar);
    assertThat(layer.entries()).hasSizeGreaterThan(100);
    try (Containerd containerd = Containerd.start(dir)) {
      containerd.importImage("example.com/etc:1", tar);
      byte[] blob =
          containerd.convert("example.com/etc:1", "example.com/etc:esgz", "--estargz", "--oci");
      Entries.assertHold(LayerFiles.read(new MemoryBlob(blob)), layer);
    }
  }

  @Test
  void convert_byTheGoToolsOfFractionsOfSeconds_roundsThem(@TempDir Path dir) throws Exception {
    Layer layer =
        Layer.of(
            file("x", "x").mtime(Instant.parse("2024-01-01T00:00:00.900Z")),
            file("y", "y").mtime(Instant.parse("2024-01-01T00:00:00.400Z")));
    try (Containerd containerd = Containerd.start(dir)) {
      containerd.importImage("example.com/plain:1", layer.tar());
      byte[] blob =
          containerd.convert("example.com/plain:1", "example.com/plain:esgz", "--estargz", "--oci");
      assertThat(LayerFiles.read(new MemoryBlob(blob)).entries())
          .filteredOn(entry -> !entry.isBookkeeping())
          .extracting(entry -> entry.attributes().mtime())
          .containsExactly(
              Instant.parse("2024-01-01T00:00:01Z"), Instant.parse("2024-01-01T00:00:00Z"));
    }
  }

  @Test
  void convert_byTheGoToolsToZstdChunked_isReadAsItsTar(@TempDir Path dir) throws Exception {
    Layer layer = RandomTrees.plainLayer(Seeds.generator(3), 60, CHUNK);
    try (Containerd containerd = Containerd.start(dir)) {
      containerd.importImage("example.com/plain:1", layer.tar());
      byte[] blob =
          containerd.convert(
              "example.com/plain:1", "example.com/plain:zstd", "--zstdchunked", "--oci");

      LayerFiles read = LayerFiles.read(new MemoryBlob(blob));

      assertThat(read.location().format()).isEqualTo(TocLocation.Format.ZSTD_CHUNKED);
      Entries.assertHold(read, layer);
      containerd.ingest(Digest.of(blob), blob);
      assertThat(
              containerd
                  .ctrRemote(
                      "images", "get-toc-digest", "--zstdchunked", Digest.of(blob).toString())
                  .runOrThrow()
                  .text())
          .isEqualTo(read.tocDigest().toString());
    }
  }

  @Test
  void getTocDigest_ofOurZstdChunkedLayer_isOurs(@TempDir Path dir) throws Exception {
    EstargzOptions options =
        EstargzOptions.DEFAULT.withEncoder(MemberEncoder.ZSTD, 3).withChunkSize(CHUNK);
    EstargzBlob blob = RandomTrees.layer(Seeds.generator(1), 60, CHUNK).estargz(options);
    try (Containerd containerd = Containerd.start(dir)) {
      containerd.ingest(blob.digest(), blob.bytes());
      assertThat(
              containerd
                  .ctrRemote("images", "get-toc-digest", "--zstdchunked", blob.digest().toString())
                  .runOrThrow()
                  .text())
          .isEqualTo(blob.tocDigest().toString());
    }
  }

  @Test
  void convert_whatTheGoToolsConverted_isTheSameTar(@TempDir Path dir) throws Exception {
    Layer layer = RandomTrees.plainLayer(Seeds.generator(4), 30, CHUNK);
    EstargzBlob ours = layer.estargz(EstargzOptions.DEFAULT.withPrioritized(List.of("d7")));
    try (Containerd containerd = Containerd.start(dir)) {
      containerd.importImage("example.com/ours:1", ours.bytes());
      byte[] theirs =
          containerd.convert("example.com/ours:1", "example.com/ours:esgz", "--estargz", "--oci");
      Entries.assertHold(LayerFiles.read(new MemoryBlob(theirs)), layer);
    }
  }
}
