package dev.asterism.testkit.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.estargz.Chunk;
import dev.asterism.estargz.Chunking;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.MemberEncoder;
import dev.asterism.estargz.TocEntry;
import dev.asterism.testkit.layer.Layer.EstargzBlob;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Files cut where their content says so.
class ContentChunkingTest {
  private static final int CHUNK = 4096;
  private static final int SIZE = 400_000;

  static LongStream seeds() {
    return Seeds.of(20);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void chunks_ofAFileWithBytesInserted_areMostlyTheSame(long seed) throws IOException {
    RandomGenerator random = Seeds.generator(seed);
    byte[] before = RandomTrees.content(random, SIZE);
    byte[] inserted = RandomTrees.content(random, 1 + random.nextInt(CHUNK));
    int at = random.nextInt(SIZE);
    byte[] after = new byte[SIZE + inserted.length];
    System.arraycopy(before, 0, after, 0, at);
    System.arraycopy(inserted, 0, after, at, inserted.length);
    System.arraycopy(before, at, after, at + inserted.length, SIZE - at);

    Set<Optional<Digest>> known = new HashSet<>();
    chunks(before).forEach(chunk -> known.add(chunk.digest()));
    long added =
        chunks(after).stream()
            .filter(chunk -> !known.contains(chunk.digest()))
            .mapToLong(Chunk::size)
            .sum();

    // What the insertion touches, and what the cuts need to meet again.
    assertThat(added).isBetween(1L, inserted.length + 12L * CHUNK);
    assertThat(added).isLessThan(SIZE / 5);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void chunks_ofAnyFile_keepTheirBounds(long seed) throws IOException {
    byte[] content = RandomTrees.content(Seeds.generator(seed), SIZE);
    List<Chunk> chunks = chunks(content);
    assertThat(chunks.subList(0, chunks.size() - 1))
        .allMatch(chunk -> chunk.size() > CHUNK / 4 && chunk.size() <= 2 * CHUNK);
    assertThat(chunks.getLast().size()).isLessThanOrEqualTo(2 * CHUNK);
    assertThat(SIZE / chunks.size()).isBetween(CHUNK / 2, 2 * CHUNK);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void read_layersCutByContent_isTheSame(long seed) throws IOException {
    RandomGenerator random = Seeds.generator(seed);
    Layer layer = RandomTrees.layer(random, 40, CHUNK);
    MemberEncoder encoder = random.nextBoolean() ? MemberEncoder.ZLIB : MemberEncoder.ZSTD;
    EstargzOptions options =
        options().withEncoder(encoder, 1).withMinChunkSize(random.nextBoolean() ? 0 : 9000);

    LayerFiles read = LayerFiles.read(layer.estargz(options).blob());

    List<TocEntry> entries = read.entries().stream().filter(e -> !e.isBookkeeping()).toList();
    for (int i = 0; i < entries.size(); i++) {
      Entries.assertSame(entries.get(i), layer.entries().get(i), read);
    }
  }

  @Test
  void tar_ofALayerCutByContent_isThatOfAnyOther() throws IOException {
    Layer layer = Layer.of(Entry.file("f", RandomTrees.content(Seeds.generator(1), SIZE)));
    EstargzBlob blob = layer.estargz(options());
    byte[] tar = new GZIPInputStream(new ByteArrayInputStream(blob.bytes())).readAllBytes();
    assertThat(blob.layer().diffId()).isEqualTo(Digest.of(tar));
  }

  /// The cuts decide about the bytes of images: whoever changes them makes every layer new.
  @Test
  void chunks_ofThisFile_areCutHereForever() throws IOException {
    byte[] content = new byte[30_000];
    for (int i = 0; i < content.length; i++) {
      content[i] = (byte) (i * i / 7 + i / 250);
    }
    assertThat(chunks(content))
        .extracting(Chunk::size)
        .containsExactly(6872, 6761, 2203, 4280, 7754, 2130);
  }

  @Test
  void chunks_ofZeros_areTheLargest() throws IOException {
    assertThat(chunks(new byte[10 * CHUNK]))
        .extracting(Chunk::size)
        .containsExactly(2 * CHUNK, 2 * CHUNK, 2 * CHUNK, 2 * CHUNK, 2 * CHUNK);
  }

  @Test
  void chunks_ofAFileThatIsNotLarger_areOne() throws IOException {
    assertThat(chunks(RandomTrees.content(Seeds.generator(1), CHUNK))).hasSize(1);
  }

  @Test
  void options_ofChunksTooSmallForIt_areRefused() {
    assertThatThrownBy(
            () -> EstargzOptions.DEFAULT.withChunkSize(1000).withChunking(Chunking.CONTENT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1 KiB");
  }

  private static EstargzOptions options() {
    return EstargzOptions.DEFAULT.withLevel(1).withChunkSize(CHUNK).withChunking(Chunking.CONTENT);
  }

  private static List<Chunk> chunks(byte[] content) throws IOException {
    LayerFiles read = LayerFiles.read(Layer.of(Entry.file("f", content)).estargz(options()).blob());
    List<Chunk> chunks = new ArrayList<>();
    for (TocEntry entry : read.entries()) {
      if (entry instanceof TocEntry.RegularFile file && file.name().equals("f")) {
        chunks.addAll(file.chunks());
      }
    }
    return chunks;
  }
}
