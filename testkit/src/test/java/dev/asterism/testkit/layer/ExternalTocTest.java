package dev.asterism.testkit.layer;

import static dev.asterism.testkit.layer.Entry.file;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.estargz.Chunk;
import dev.asterism.estargz.EstargzLayer;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.EstargzWriter;
import dev.asterism.estargz.Landmark;
import dev.asterism.estargz.MemberReader;
import dev.asterism.estargz.TocEntry;
import dev.asterism.estargz.TocLimits;
import dev.asterism.estargz.TocLocation;
import dev.asterism.estargz.TocLocator;
import dev.asterism.estargz.TocPlace;
import dev.asterism.estargz.TocReader;
import dev.asterism.testkit.layer.Layer.EstargzBlob;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Layers whose TOC is in a blob beside them.
class ExternalTocTest {
  private static final int CHUNK = 4096;

  private static final EstargzOptions BESIDE =
      EstargzOptions.DEFAULT.withLevel(1).withChunkSize(CHUNK).withToc(TocPlace.BESIDE);

  private static final EstargzOptions SAME_TAR = BESIDE.withToc(TocPlace.BESIDE_SAME_TAR);

  static LongStream seeds() {
    return Seeds.of(8);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void read_throughTheTocBeside_isTheLayer(long seed) throws IOException {
    Layer layer = RandomTrees.layer(Seeds.generator(seed), 60, CHUNK);
    EstargzBlob blob = layer.estargz(BESIDE);

    List<TocEntry> entries = entries(blob);

    assertThat(names(entries)).startsWith(Landmark.NO_PREFETCH);
    assertThat(entries).hasSize(layer.entries().size() + 1);
    assertChunks(blob, entries);
    assertThat(gunzip(blob.bytes())).hasSize((int) blob.layer().uncompressedSize());
    assertThat(blob.layer().diffId()).isEqualTo(Digest.of(gunzip(blob.bytes())));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void convert_keepingTheTar_changesNoByteOfIt(long seed) throws IOException {
    Layer layer = RandomTrees.layer(Seeds.generator(seed), 60, CHUNK);
    byte[] behind = RandomTrees.content(Seeds.generator(seed), 9000);
    byte[] tar = Arrays.copyOf(layer.tar(), layer.tar().length + behind.length);
    System.arraycopy(behind, 0, tar, tar.length - behind.length, behind.length);

    EstargzBlob blob = convert(tar, SAME_TAR.withMinChunkSize((int) (seed % 3) * 5000));

    assertThat(gunzip(blob.bytes())).isEqualTo(tar);
    assertThat(blob.layer().diffId()).isEqualTo(Digest.of(tar));
    List<TocEntry> entries = entries(blob);
    assertThat(entries).hasSameSizeAs(layer.entries());
    assertChunks(blob, entries);
  }

  @Test
  void convert_keepingATarWithOddPaddingAndEnd_changesNoByteOfIt() throws IOException {
    byte[] tar = Layer.of(file("a", "x"), file("b", "y")).tar();
    tar[512 + 17] = 'p'; // behind the content of "a", within its block
    for (int length : new int[] {tar.length, tar.length - 512, tar.length - 1024}) {
      byte[] odd = Arrays.copyOf(tar, length);
      assertThat(gunzip(convert(odd, SAME_TAR).bytes())).isEqualTo(odd);
    }
  }

  @Test
  void convert_keepingATarWithATocOrASparseFile_isRefusedByName() throws IOException {
    byte[] lazy = gunzip(Layer.of(file("a", "x")).estargz().bytes());
    assertThatThrownBy(() -> convert(lazy, SAME_TAR))
        .isInstanceOf(MalformedLayerException.class)
        .hasMessageContaining("stargz.index.json")
        .hasMessageContaining("diff ID");
    byte[] sparse = Layer.of(file("hole", "")).tar();
    sparse[156] = 'S';
    Arrays.fill(sparse, 148, 156, (byte) ' ');
    int sum = 0;
    for (int i = 0; i < 512; i++) {
      sum += sparse[i] & 0xff;
    }
    System.arraycopy("%06o\0 ".formatted(sum).getBytes(UTF_8), 0, sparse, 148, 8);
    assertThatThrownBy(() -> convert(sparse, SAME_TAR))
        .isInstanceOf(MalformedLayerException.class)
        .hasMessageContaining("'hole'")
        .hasMessageContaining("sparse");
  }

  private static EstargzBlob convert(byte[] tar, EstargzOptions options) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    EstargzLayer made = EstargzWriter.convert(new ByteArrayInputStream(tar), options, bytes);
    return new EstargzBlob(new MemoryBlob(bytes.toByteArray()), made);
  }

  /// Reads the TOC as a reader finds it, and compares digests.
  private static List<TocEntry> entries(EstargzBlob blob) throws IOException {
    TocLocation location = TocLocator.locate(blob.blob());
    assertThat(location.format()).isEqualTo(TocLocation.Format.EXTERNAL_TOC);
    EstargzLayer.ExternalToc toc = blob.layer().externalToc().orElseThrow();
    byte[] whole = toc.content().read(new ByteRange(0, toc.content().size()));
    assertThat(Digest.of(whole)).isEqualTo(toc.digest());
    List<TocEntry> entries = new ArrayList<>();
    assertThat(TocReader.readExternal(toc.content(), location, TocLimits.DEFAULT, entries::add))
        .isEqualTo(blob.tocDigest());
    return entries;
  }

  private static List<String> names(List<TocEntry> entries) {
    return entries.stream().map(TocEntry::name).toList();
  }

  /// Reads each chunk from its member.
  private static void assertChunks(EstargzBlob blob, List<TocEntry> entries) throws IOException {
    for (TocEntry entry : entries) {
      if (entry instanceof TocEntry.RegularFile regular) {
        for (Chunk chunk : regular.chunks()) {
          ByteRange from = new ByteRange(chunk.blobOffset(), blob.bytes().length);
          try (InputStream in = blob.blob().open(from);
              MemberReader reader = new MemberReader(in, from)) {
            reader.start(from);
            assertThat(Digest.of(reader.read(chunk.innerOffset(), chunk.size())))
                .isEqualTo(chunk.digest().orElseThrow());
          }
        }
      }
    }
  }

  private static byte[] gunzip(byte[] blob) throws IOException {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(blob))) {
      return in.readAllBytes();
    }
  }
}
