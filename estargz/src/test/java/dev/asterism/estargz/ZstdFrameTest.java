package dev.asterism.estargz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import dev.asterism.content.ByteRange;
import dev.asterism.content.CorruptContentException;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Members that are zstd frames, and TOCs of zstd:chunked.
class ZstdFrameTest {
  private static final byte[] FIRST = content(1, 300_000);
  private static final byte[] SECOND = content(2, 50_000);

  @Test
  void read_payloadsOfFramesAndMembers_areTheirBytes() throws IOException {
    byte[] one = Zstd.compress(FIRST);
    byte[] two = TestBlob.gzip(SECOND);
    byte[] three = Zstd.compress(SECOND, 19);
    byte[] span = TestBlob.concat(one, two, three).bytes();
    try (InputStream in = new Trickle(span);
        MemberReader reader = new MemberReader(in, ByteRange.ofLength(500, span.length))) {
      reader.start(ByteRange.ofLength(500, one.length));
      assertThat(reader.read(0, 10)).isEqualTo(Arrays.copyOf(FIRST, 10));
      assertThat(reader.read(200_000, 100_000))
          .isEqualTo(Arrays.copyOfRange(FIRST, 200_000, 300_000));
      reader.start(ByteRange.ofLength(500 + one.length, two.length));
      assertThat(reader.read(7, 9)).isEqualTo(Arrays.copyOfRange(SECOND, 7, 16));
      reader.start(ByteRange.ofLength(500 + one.length + two.length, three.length));
      assertThat(reader.read(0, SECOND.length)).isEqualTo(SECOND);
    }
  }

  @Test
  void read_frameOfManyBytesFromFew_isAllOfThem() throws IOException {
    byte[] zeros = new byte[3 << 20];
    byte[] frame = Zstd.compress(zeros);
    try (MemberReader reader = reader(frame)) {
      reader.start(new ByteRange(0, frame.length));
      assertThat(reader.read(0, zeros.length)).isEqualTo(zeros);
    }
  }

  @Test
  void read_behindTheEnd_isMalformed() throws IOException {
    byte[] frame = Zstd.compress(SECOND);
    try (MemberReader reader = reader(frame)) {
      reader.start(new ByteRange(0, frame.length));
      assertThatThrownBy(() -> reader.read(1, SECOND.length))
          .isInstanceOf(MalformedLayerException.class)
          .hasMessageContaining("does not hold");
    }
  }

  @Test
  void read_moreThanAFrameCouldHold_isMalformedBeforeItIsAllocated() throws IOException {
    byte[] frame = Zstd.compress(SECOND);
    try (MemberReader reader = reader(frame)) {
      reader.start(new ByteRange(0, 1000));
      assertThatThrownBy(() -> reader.read(0, Integer.MAX_VALUE))
          .isInstanceOf(MalformedLayerException.class)
          .hasMessageContaining("does not hold");
    }
  }

  @Test
  void read_frameThatGoesOnBehindItsRange_isMalformedAndTheNextIsRead() throws IOException {
    byte[] one = Zstd.compress(FIRST);
    byte[] two = Zstd.compress(SECOND);
    byte[] span = TestBlob.concat(one, two).bytes();
    try (MemberReader reader = reader(span)) {
      reader.start(new ByteRange(0, one.length - 1));
      assertThatThrownBy(() -> reader.read(0, FIRST.length))
          .isInstanceOf(MalformedLayerException.class)
          .hasMessageContaining("cut off");
      reader.start(new ByteRange(one.length, span.length));
      assertThat(reader.read(0, SECOND.length)).isEqualTo(SECOND);
    }
  }

  @Test
  void read_anyFlippedByte_isOtherBytesOrMalformed() throws IOException {
    byte[] small = Arrays.copyOf(SECOND, 600);
    byte[] frame = Zstd.compress(small);
    for (int i = 0; i < frame.length; i++) {
      byte[] damaged = frame.clone();
      damaged[i] ^= 0x55;
      try (MemberReader reader = reader(damaged)) {
        reader.start(new ByteRange(0, damaged.length));
        assertThat(reader.read(0, small.length)).hasSize(small.length);
      } catch (MalformedLayerException e) {
        assertThat(e.getMessage()).isNotEmpty();
      }
    }
  }

  @Test
  void read_frameOfALargeWindow_isRefused() throws IOException {
    byte[] content = content(3, 1000);
    byte[] frame;
    try (ZstdCompressCtx context = new ZstdCompressCtx()) {
      context.setLong(27).setContentSize(false);
      frame = context.compress(content);
    }
    // A frame's window descriptor is the byte behind its 4 bytes of magic and one of flags.
    frame[5] = (byte) ((27 - 10) << 3);
    frame[4] = (byte) (frame[4] & ~0x20);
    try (MemberReader reader = reader(frame)) {
      reader.start(new ByteRange(0, frame.length));
      assertThatThrownBy(() -> reader.read(0, 1000)).isInstanceOf(MalformedLayerException.class);
    }
  }

  @Test
  void read_tocOfZstdChunked_isItsEntriesAndItsDigest() throws IOException {
    byte[] toc =
        """
        {"version":1,"entries":[
          {"type":"dir","name":"./","mode":493,"modtime":"2024-01-02T03:04:05.678901234Z"},
          {"type":"reg","name":"./a","size":9,"digest":"sha256:%1$s","offset":20,"endOffset":40,
           "chunkSize":5,"chunkDigest":"sha256:%1$s","xattrs":{"user.x":"eQ=="}},
          {"type":"chunk","name":"./a","offset":30,"chunkOffset":5,"chunkSize":4,
           "chunkDigest":"sha256:%1$s","chunkType":"zeros"}]}
        """
            .formatted("ab".repeat(32))
            .getBytes(StandardCharsets.UTF_8);
    byte[] frame = Zstd.compress(toc);
    TestBlob blob =
        TestBlob.concat(
            new byte[60],
            ZstdFooter.frameHeader(frame.length),
            frame,
            ZstdFooter.of(68, frame.length, toc.length));
    List<TocEntry> entries = new ArrayList<>();

    Digest digest = TocReader.read(blob, TocLocator.locate(blob), TocLimits.DEFAULT, entries::add);

    assertThat(digest).isEqualTo(Digest.of(toc));
    assertThat(entries).extracting(TocEntry::name).containsExactly("", "a");
    TocEntry.RegularFile file = (TocEntry.RegularFile) entries.get(1);
    assertThat(file.chunks()).extracting(Chunk::blobOffset).containsExactly(20L, 30L);

    Map<String, String> pinned =
        Map.of(Annotations.OLD_MANIFEST_CHECKSUM, Digest.of(frame).toString());
    assertThat(TocPin.of(pinned, blob)).contains(Digest.of(toc));
    assertThat(TocPin.of(Map.of(Annotations.TOC_DIGEST, digest.toString()), blob)).contains(digest);
    assertThat(TocPin.of(Map.of(), blob)).isEmpty();
    Map<String, String> other = Map.of(Annotations.MANIFEST_CHECKSUM, Digest.of(toc).toString());
    assertThatThrownBy(() -> TocPin.of(other, blob)).isInstanceOf(CorruptContentException.class);
  }

  private static MemberReader reader(byte[] span) {
    return new MemberReader(new ByteArrayInputStream(span), new ByteRange(0, span.length));
  }

  /// Half random, half not.
  private static byte[] content(int seed, int size) {
    byte[] bytes = new byte[size];
    Random random = new Random(seed);
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) (i / 1000 % 2 == 0 ? random.nextInt() : i / 100);
    }
    return bytes;
  }

  /// Gives a few bytes at a time.
  private static final class Trickle extends FilterInputStream {
    private Trickle(byte[] bytes) {
      super(new ByteArrayInputStream(bytes));
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      return in.read(target, offset, Math.min(length, 777));
    }
  }
}
