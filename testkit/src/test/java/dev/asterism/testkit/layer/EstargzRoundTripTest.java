package dev.asterism.testkit.layer;

import static dev.asterism.testkit.layer.Entry.dir;
import static dev.asterism.testkit.layer.Entry.file;
import static dev.asterism.testkit.layer.Entry.hardLink;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.estargz.Annotations;
import dev.asterism.estargz.EstargzLayer;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.EstargzWriter;
import dev.asterism.estargz.Landmark;
import dev.asterism.estargz.MemberEncoder;
import dev.asterism.estargz.TocEntry;
import dev.asterism.estargz.TocEntry.RegularFile;
import dev.asterism.estargz.Workers;
import dev.asterism.estargz.tar.TarEntry;
import dev.asterism.estargz.tar.TarReader;
import dev.asterism.testkit.layer.Layer.EstargzBlob;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What is written is read back, by this project's reader and by plain gzip and tar.
class EstargzRoundTripTest {
  private static final int ENTRIES = 60;
  private static final int CHUNK = 4096;

  static LongStream seeds() {
    return Seeds.of(12);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void read_whatWasWritten_isTheSame(long seed) throws IOException {
    RandomGenerator random = Seeds.generator(seed);
    Layer layer = RandomTrees.layer(random, ENTRIES, CHUNK);
    EstargzBlob blob = layer.estargz(options(random));

    LayerFiles read = LayerFiles.read(blob.blob());

    assertThat(read.tocDigest()).isEqualTo(blob.tocDigest());
    List<TocEntry> entries = read.entries().stream().filter(e -> !e.isBookkeeping()).toList();
    assertThat(entries).hasSameSizeAs(layer.entries());
    for (int i = 0; i < entries.size(); i++) {
      Entries.assertSame(entries.get(i), layer.entries().get(i), read);
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void gunzip_whatWasWritten_isTheTarWithLandmarkAndToc(long seed) throws IOException {
    RandomGenerator random = Seeds.generator(seed);
    Layer layer = RandomTrees.layer(random, ENTRIES, CHUNK);
    EstargzBlob blob = layer.estargz(options(random));

    byte[] tar = gunzip(blob.bytes());

    assertThat(blob.digest()).isEqualTo(Digest.of(blob.bytes()));
    assertThat(blob.layer().size()).isEqualTo(blob.bytes().length);
    assertThat(blob.layer().diffId()).isEqualTo(Digest.of(tar));
    assertThat(blob.layer().uncompressedSize()).isEqualTo(tar.length);
    byte[] source = layer.tar();
    int landmark = 1024;
    assertThat(Arrays.copyOfRange(tar, landmark, landmark + source.length - 1024))
        .isEqualTo(Arrays.copyOf(source, source.length - 1024));
    List<TarEntry> entries = tarEntries(tar);
    assertThat(entries.getFirst().name()).isEqualTo(Landmark.NO_PREFETCH);
    assertThat(entries.getLast().name()).isEqualTo(Landmark.TOC);
    assertThat(entries).hasSize(layer.entries().size() + 2);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void convert_oneMemberPerPayload_startsOneAtEveryOffset(long seed) throws IOException {
    RandomGenerator random = Seeds.generator(seed);
    Layer layer = RandomTrees.layer(random, ENTRIES, CHUNK);
    EstargzBlob blob = layer.estargz(options(random).withMinChunkSize(0));

    LayerFiles read = LayerFiles.read(blob.blob());

    assertThat(read.members()).hasSameSizeAs(read.chunks().keySet());
    assertThat(read.chunks().keySet()).allMatch(chunk -> chunk.innerOffset() == 0);
    List<Long> starts = new ArrayList<>(List.of(0L));
    starts.addAll(read.members());
    starts.add(read.location().tocOffset());
    starts.add(read.location().range().end());
    for (int i = 0; i < starts.size(); i++) {
      long end = i + 1 < starts.size() ? starts.get(i + 1) : blob.layer().size();
      assertOneMember(blob, new ByteRange(starts.get(i), end));
    }
  }

  @Test
  void convert_leastChunkSize_sharesMembersAndOpensOneForTheLandmark() throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      entries.add(file("f" + i, RandomTrees.content(Seeds.generator(i), 300)));
    }
    EstargzOptions options =
        Layer.SMALL_CHUNKS.withMinChunkSize(4000).withPrioritized(List.of("f50"));
    EstargzBlob blob = new Layer(entries).estargz(options);

    LayerFiles read = LayerFiles.read(blob.blob());

    assertThat(read.members()).hasSizeBetween(20, 30); // of 1024 bytes a file
    assertThat(read.chunks().keySet()).anyMatch(chunk -> chunk.innerOffset() > 0);
    for (long member : read.members()) {
      assertThat(read.chunks().keySet())
          .anyMatch(chunk -> chunk.blobOffset() == member && chunk.innerOffset() == 0);
    }
    RegularFile landmark = (RegularFile) read.entries().get(1);
    assertThat(landmark.name()).isEqualTo(Landmark.PREFETCH);
    assertThat(landmark.chunks().getFirst().innerOffset()).isZero();
  }

  @Test
  void convert_sameInput_givesTheSameBytes() throws IOException {
    Layer layer = RandomTrees.layer(Seeds.generator(3), ENTRIES, CHUNK);
    assertThat(layer.estargz().bytes()).isEqualTo(layer.estargz().bytes());
    ByteArrayOutputStream fromGzip = new ByteArrayOutputStream();
    EstargzLayer converted =
        EstargzWriter.convert(
            new ByteArrayInputStream(layer.tarGz()), Layer.SMALL_CHUNKS, fromGzip);
    assertThat(fromGzip.toByteArray()).isEqualTo(layer.estargz().bytes());
    assertThat(converted).isEqualTo(layer.estargz().layer());
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void convert_byManyWorkersInLittleMemory_givesTheSameBytes(long seed) throws IOException {
    RandomGenerator random = Seeds.generator(seed);
    Layer layer = RandomTrees.layer(random, ENTRIES, CHUNK);
    EstargzOptions options = options(random);
    try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
      for (long memory : new long[] {1, 50_000, 1 << 30}) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        EstargzLayer written =
            EstargzWriter.convert(
                new ByteArrayInputStream(layer.tar()), options, new Workers(pool, memory), out);
        assertThat(out.toByteArray()).isEqualTo(layer.estargz(options).bytes());
        assertThat(written).isEqualTo(layer.estargz(options).layer());
      }
    }
  }

  @Test
  void convert_zstdAndManyMembersThatArriveInBits_giveTheSameBytes() throws IOException {
    Layer layer = RandomTrees.layer(Seeds.generator(5), ENTRIES, CHUNK);
    byte[] expected = layer.estargz().bytes();
    byte[] zstd = Zstd.compress(layer.tar());
    for (byte[] source : List.of(zstd, expected, layer.tarGz())) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      EstargzWriter.convert(new Trickle(source), Layer.SMALL_CHUNKS, out);
      assertThat(out.toByteArray()).isEqualTo(expected);
    }
  }

  @Test
  void convert_sourceThatIsCutOff_namesTheEntry() {
    Layer layer = Layer.of(file("first", "x"), file("second", "y".repeat(100_000)));
    byte[] tar = layer.tar();
    byte[] gzip = layer.estargz().bytes();
    byte[] zstd = Zstd.compress(tar);
    for (byte[] source :
        List.of(
            Arrays.copyOf(tar, 4000),
            Arrays.copyOf(tar, 1030),
            Arrays.copyOf(gzip, gzip.length / 3),
            Arrays.copyOf(zstd, zstd.length - 20))) {
      assertThatThrownBy(() ->
              EstargzWriter.convert(
                  new ByteArrayInputStream(source),
                  Layer.SMALL_CHUNKS,
                  new ByteArrayOutputStream()))
          .isInstanceOf(MalformedLayerException.class)
          .hasMessageMatching("(?s).*('first'|'second'|at the first entry).*");
    }
  }

  @Test
  void convert_moreHeadersThanAMemberHolds_isReadBack() throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      entries.add(dir("d" + i));
    }
    entries.add(file("last", "content"));
    EstargzBlob blob = new Layer(entries).estargz(Layer.SMALL_CHUNKS.withMinChunkSize(100 << 20));

    LayerFiles read = LayerFiles.read(blob.blob());

    RegularFile last = (RegularFile) read.entries().getLast();
    assertThat(read.content(last)).isEqualTo("content".getBytes(UTF_8));
    assertThat(last.chunks().getFirst().innerOffset()).isZero();
  }

  /// Gives one byte at a time, and says that none is at hand.
  private static final class Trickle extends InputStream {
    private final InputStream in;

    private Trickle(byte[] bytes) {
      in = new ByteArrayInputStream(bytes);
    }

    @Override
    public int read() throws IOException {
      return in.read();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      return in.read(target, offset, Math.min(length, 1));
    }
  }

  @Test
  void convert_layerThatIsEstargz_replacesLandmarkAndToc() throws IOException {
    EstargzBlob once = Layer.of(dir("d"), file("d/f", "hello")).estargz();
    ByteArrayOutputStream twice = new ByteArrayOutputStream();
    EstargzWriter.convert(new ByteArrayInputStream(once.bytes()), Layer.SMALL_CHUNKS, twice);
    assertThat(twice.toByteArray()).isEqualTo(once.bytes());
  }

  @Test
  void convert_prioritizedFiles_comeFirstBehindWhatTheyNeed() throws IOException {
    Layer layer =
        Layer.of(
            dir("a"),
            file("a/x", "x"),
            dir("b"),
            dir("b/c"),
            file("b/c/y", "old"),
            file("z", "z"),
            hardLink("link", "b/c/y"),
            file("b/c/y", "new"));

    EstargzBlob blob =
        layer.estargz(Layer.SMALL_CHUNKS.withPrioritized(List.of("/link", "missing", "z")));

    assertThat(names(blob))
        .containsExactly("b", "b/c", "b/c/y", "link", "z", Landmark.PREFETCH, "a", "a/x");
    LayerFiles read = LayerFiles.read(blob.blob());
    assertThat(read.content((RegularFile) read.entries().get(2))).isEqualTo("new".getBytes(UTF_8));
  }

  @Test
  void convert_prioritizedFilesThatAreMissing_leaveTheOtherLandmark() throws IOException {
    EstargzBlob blob =
        Layer.of(file("x", "x")).estargz(Layer.SMALL_CHUNKS.withPrioritized(List.of("missing")));
    assertThat(names(blob)).containsExactly(Landmark.NO_PREFETCH, "x");
  }

  @Test
  void convert_hardLinkCycle_isKept() throws IOException {
    Layer layer = Layer.of(hardLink("a", "b"), hardLink("b", "a"), hardLink("c", "c"));
    EstargzBlob blob = layer.estargz(Layer.SMALL_CHUNKS.withPrioritized(List.of("a", "c")));
    assertThat(names(blob)).containsExactlyInAnyOrder("a", "b", "c", Landmark.PREFETCH);
  }

  @Test
  void convert_whatALayerCannotHold_isRefused() {
    Layer layer = Layer.of(file("x", "x").owner(1L << 32, 0));
    assertThatThrownBy(layer::estargz)
        .isInstanceOf(UncheckedIOException.class)
        .hasCauseInstanceOf(MalformedLayerException.class)
        .hasMessageContaining("'x'");
  }

  @Test
  void annotations_ofALayer_areTheTwoKeys() {
    EstargzLayer layer = Layer.of(file("x", "x")).estargz().layer();
    assertThat(layer.annotations())
        .containsEntry(Annotations.TOC_DIGEST, layer.tocDigest().toString())
        .containsEntry(Annotations.UNCOMPRESSED_SIZE, Long.toString(layer.uncompressedSize()))
        .hasSize(2);
  }

  private static EstargzOptions options(RandomGenerator random) {
    MemberEncoder encoder = random.nextBoolean() ? MemberEncoder.ZLIB : MemberEncoder.fastest();
    return EstargzOptions.DEFAULT
        .withEncoder(encoder, 1 + random.nextInt(encoder.maxLevel()))
        .withChunkSize(CHUNK)
        .withMinChunkSize(random.nextBoolean() ? 0 : 1 + random.nextInt(20_000));
  }

  private static void assertOneMember(EstargzBlob blob, ByteRange range) throws IOException {
    byte[] member = blob.blob().read(range);
    ByteArrayInputStream in = new ByteArrayInputStream(member);
    try (GZIPInputStream gzip = new GZIPInputStream(in, 1)) {
      gzip.readAllBytes();
    }
    assertThat(in.available()).isZero();
    int headers = 0;
    for (int cut = 1; cut < member.length - 18; cut++) {
      headers +=
          member[cut] == 0x1f && member[cut + 1] == (byte) 0x8b && isGzip(member, cut) ? 1 : 0;
    }
    assertThat(headers).as("members within %s", range).isZero();
  }

  private static boolean isGzip(byte[] bytes, int offset) {
    try (InputStream in =
        new GZIPInputStream(new ByteArrayInputStream(bytes, offset, bytes.length - offset))) {
      in.readAllBytes();
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  private static byte[] gunzip(byte[] blob) throws IOException {
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(blob))) {
      return in.readAllBytes();
    }
  }

  private static List<TarEntry> tarEntries(byte[] tar) throws IOException {
    TarReader reader = new TarReader(new ByteArrayInputStream(tar));
    List<TarEntry> entries = new ArrayList<>();
    for (Optional<TarEntry> e = reader.next(); e.isPresent(); e = reader.next()) {
      entries.add(e.get());
    }
    return entries;
  }

  private static List<String> names(EstargzBlob blob) throws IOException {
    return LayerFiles.read(blob.blob()).entries().stream().map(TocEntry::name).toList();
  }
}
