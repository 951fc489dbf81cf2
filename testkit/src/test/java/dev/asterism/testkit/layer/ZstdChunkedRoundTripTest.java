package dev.asterism.testkit.layer;

import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.estargz.Annotations;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.Landmark;
import dev.asterism.estargz.LayerStream;
import dev.asterism.estargz.MemberEncoder;
import dev.asterism.estargz.TocEntry;
import dev.asterism.estargz.TocLocation;
import dev.asterism.estargz.TocPin;
import dev.asterism.testkit.layer.Layer.EstargzBlob;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What is written as zstd:chunked is read back, lazily and whole.
class ZstdChunkedRoundTripTest {
  private static final int CHUNK = 4096;

  static LongStream seeds() {
    return Seeds.of(12);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void read_whatWasWritten_isTheSame(long seed) throws IOException {
    RandomGenerator random = Seeds.generator(seed);
    Layer layer = RandomTrees.layer(random, 60, CHUNK);
    EstargzBlob blob = layer.estargz(options(random));

    LayerFiles read = LayerFiles.read(blob.blob());

    assertThat(read.location().format()).isEqualTo(TocLocation.Format.ZSTD_CHUNKED);
    assertThat(read.tocDigest()).isEqualTo(blob.tocDigest());
    List<TocEntry> entries = read.entries().stream().filter(e -> !e.isBookkeeping()).toList();
    assertThat(entries).hasSameSizeAs(layer.entries());
    for (int i = 0; i < entries.size(); i++) {
      Entries.assertSame(entries.get(i), layer.entries().get(i), read);
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void decompress_whatWasWritten_isTheTarWithALandmark(long seed) throws IOException {
    RandomGenerator random = Seeds.generator(seed);
    Layer layer = RandomTrees.layer(random, 60, CHUNK);
    EstargzBlob blob = layer.estargz(options(random));

    byte[] tar;
    try (InputStream plain = LayerStream.plain(new ByteArrayInputStream(blob.bytes()))) {
      tar = plain.readAllBytes();
    }

    assertThat(blob.layer().diffId()).isEqualTo(Digest.of(tar));
    assertThat(blob.layer().uncompressedSize()).isEqualTo(tar.length);
    assertThat(blob.digest()).isEqualTo(Digest.of(blob.bytes()));
    byte[] source = layer.tar();
    assertThat(Arrays.copyOfRange(tar, 1024, tar.length)).startsWith(source);
    assertThat(Layer.ofTar(tar).entries()).hasSize(layer.entries().size() + 1);
  }

  @Test
  void annotations_ofALayer_pinItsTocForBothKindsOfReaders() throws IOException {
    EstargzBlob blob = Layer.of(file("x", "x")).estargz(options(Seeds.generator(1)));
    Map<String, String> all = blob.layer().annotations();

    assertThat(TocPin.of(all, blob.blob())).contains(blob.tocDigest());
    Map<String, String> ofContainers = new TreeMap<>(all);
    ofContainers.remove(Annotations.TOC_DIGEST);
    assertThat(TocPin.of(ofContainers, blob.blob())).contains(blob.tocDigest());
    LayerFiles read = LayerFiles.read(blob.blob());
    assertThat(all.get(Annotations.MANIFEST_POSITION))
        .startsWith(read.location().tocOffset() + ":" + read.location().range().length() + ":")
        .endsWith(":1");
  }

  @Test
  void convert_prioritizedFiles_comeBeforeTheLandmark() throws IOException {
    EstargzBlob blob =
        Layer.of(file("a", "1"), file("b", "2"))
            .estargz(options(Seeds.generator(1)).withPrioritized(List.of("b")));
    assertThat(LayerFiles.read(blob.blob()).entries())
        .extracting(TocEntry::name)
        .containsExactly("b", Landmark.PREFETCH, "a");
  }

  private static EstargzOptions options(RandomGenerator random) {
    return EstargzOptions.DEFAULT
        .withEncoder(MemberEncoder.ZSTD, 1 + random.nextInt(5))
        .withChunkSize(CHUNK)
        .withMinChunkSize(random.nextBoolean() ? 0 : 1 + random.nextInt(20_000));
  }
}
