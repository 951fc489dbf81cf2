package dev.asterism.estargz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.ByteRange;
import dev.asterism.content.MalformedLayerException;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemberReaderTest {
  private static final byte[] FIRST = content(1, 100_000);
  private static final byte[] SECOND = content(2, 50_000);

  @Test
  void read_payloadsOfTwoMembers_areTheirBytes() throws IOException {
    byte[] one = TestBlob.gzip(FIRST);
    byte[] two = TestBlob.gzip(SECOND);
    byte[] span = TestBlob.concat(one, two).bytes();
    try (MemberReader reader = reader(new Trickle(span), 7000, span)) {
      reader.start(new ByteRange(7000, 7000 + one.length));
      assertThat(reader.read(0, 10)).isEqualTo(Arrays.copyOf(FIRST, 10));
      assertThat(reader.read(10, 1)).containsExactly(FIRST[10]);
      assertThat(reader.read(60_000, 20_000)).isEqualTo(Arrays.copyOfRange(FIRST, 60_000, 80_000));
      reader.start(new ByteRange(7000 + one.length, 7000 + span.length));
      assertThat(reader.read(0, SECOND.length)).isEqualTo(SECOND);
    }
  }

  @Test
  void read_memberThatIsSkipped_costsNothing() throws IOException {
    byte[] two = TestBlob.gzip(SECOND);
    byte[] span = TestBlob.concat(new byte[30_000], two).bytes();
    try (MemberReader reader = reader(new ByteArrayInputStream(span), 0, span)) {
      reader.start(new ByteRange(30_000, span.length));
      assertThat(reader.read(0, SECOND.length)).isEqualTo(SECOND);
    }
  }

  /// Sizes around those at which a member is inflated at once, and what may lie behind a payload.
  @ParameterizedTest
  @CsvSource({
    "100, 0",
    "100, 60000",
    "100, 5000000",
    "1048576, 70000",
    "1048577, 10",
    "3000000, 0"
  })
  void read_firstPayloadOfAMember_isItsBytesWhateverFollows(int size, int behind)
      throws IOException {
    byte[] one = TestBlob.gzip(content(3, size + behind));
    byte[] two = TestBlob.gzip(SECOND);
    byte[] span = TestBlob.concat(new byte[50], one, two).bytes();
    try (MemberReader reader = reader(new Trickle(span), 0, span)) {
      reader.start(new ByteRange(50, 50 + one.length));
      assertThat(reader.read(0, size)).isEqualTo(Arrays.copyOf(content(3, size + behind), size));
      reader.start(new ByteRange(50 + one.length, span.length));
      assertThat(reader.read(0, SECOND.length)).isEqualTo(SECOND);
    }
  }

  @Test
  void read_headerWithEveryOptionalField_isSkipped() throws IOException {
    byte[] member = TestBlob.gzip(FIRST);
    byte[] fields =
        HexFormat.of().parseHex("1f8b081e00000000000003000102036e616d65006e6f746500abcd");
    byte[] span = TestBlob.concat(fields, Arrays.copyOfRange(member, 10, member.length)).bytes();
    try (MemberReader reader = reader(new Trickle(span), 0, span)) {
      reader.start(new ByteRange(0, span.length));
      assertThat(reader.read(0, FIRST.length)).isEqualTo(FIRST);
    }
  }

  @Test
  void read_behindTheEndOfTheMember_isMalformed() throws IOException {
    byte[] span = TestBlob.gzip(FIRST);
    try (MemberReader reader = reader(new ByteArrayInputStream(span), 500, span)) {
      reader.start(new ByteRange(500, 500 + span.length));
      assertThatThrownBy(() -> reader.read(FIRST.length - 5, 6))
          .isInstanceOfSatisfying(
              MalformedLayerException.class, e -> assertThat(e.offset()).isEqualTo(500));
    }
  }

  @Test
  void read_moreThanDeflateCouldHold_isMalformedBeforeItIsAllocated() throws IOException {
    byte[] span = TestBlob.gzip(FIRST);
    try (MemberReader reader = reader(new ByteArrayInputStream(span), 0, span)) {
      reader.start(new ByteRange(0, 1000));
      assertThatThrownBy(() -> reader.read(0, Integer.MAX_VALUE))
          .isInstanceOf(MalformedLayerException.class);
      assertThatThrownBy(() -> reader.read(Long.MAX_VALUE - 5, 5))
          .isInstanceOf(MalformedLayerException.class);
    }
  }

  @Test
  void read_behindWhatWasRead_isMalformed() throws IOException {
    byte[] span = TestBlob.gzip(FIRST);
    try (MemberReader reader = reader(new ByteArrayInputStream(span), 0, span)) {
      reader.start(new ByteRange(0, span.length));
      reader.read(0, 10);
      assertThatThrownBy(() -> reader.read(9, 1)).isInstanceOf(MalformedLayerException.class);
    }
  }

  @Test
  void read_memberThatRunsOverItsRange_isMalformedAndTheNextIsRead() throws IOException {
    byte[] one = TestBlob.gzip(FIRST);
    byte[] two = TestBlob.gzip(SECOND);
    byte[] span = TestBlob.concat(Arrays.copyOf(one, one.length / 2), two).bytes();
    ByteRange cut = new ByteRange(0, one.length / 2);
    try (MemberReader reader = reader(new Trickle(span), 0, span)) {
      reader.start(cut);
      assertThatThrownBy(() -> reader.read(0, FIRST.length))
          .isInstanceOf(MalformedLayerException.class);
      reader.start(new ByteRange(cut.end(), span.length));
      assertThat(reader.read(0, SECOND.length)).isEqualTo(SECOND);
    }
  }

  @Test
  void read_wrongChecksum_isMalformedAtTheEnd() throws IOException {
    byte[] span = TestBlob.gzip(FIRST);
    span[span.length - 8] ^= 1;
    try (MemberReader reader = reader(new ByteArrayInputStream(span), 0, span)) {
      reader.start(new ByteRange(0, span.length));
      assertThat(reader.read(0, FIRST.length)).isEqualTo(FIRST);
      assertThatThrownBy(() -> reader.read(FIRST.length, 1))
          .isInstanceOf(MalformedLayerException.class);
    }
  }

  @Test
  void start_whereNoMemberIs_isMalformed() throws IOException {
    byte[] span = TestBlob.gzip(FIRST);
    try (MemberReader reader = reader(new ByteArrayInputStream(span), 0, span)) {
      assertThatThrownBy(() -> reader.start(new ByteRange(3, span.length)))
          .isInstanceOf(MalformedLayerException.class);
      assertThatThrownBy(() -> reader.start(new ByteRange(0, span.length)))
          .isInstanceOf(MalformedLayerException.class)
          .hasMessageContaining("overlap");
      assertThatThrownBy(() -> reader.read(0, 1)).isInstanceOf(MalformedLayerException.class);
    }
  }

  @Test
  void read_streamThatEndsBeforeItsSpan_isAnEnd() throws IOException {
    byte[] whole = TestBlob.gzip(FIRST);
    byte[] half = Arrays.copyOf(whole, whole.length / 2);
    try (MemberReader reader = reader(new ByteArrayInputStream(half), 0, whole)) {
      reader.start(new ByteRange(0, whole.length));
      assertThatThrownBy(() -> reader.read(0, FIRST.length)).isInstanceOf(EOFException.class);
    }
  }

  @Test
  void read_bytesThatAreFlipped_throwsOneOfTheTwo() throws IOException {
    byte[] good = TestBlob.gzip(FIRST);
    Random random = new Random(5);
    for (int i = 0; i < 500; i++) {
      byte[] bad = good.clone();
      bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
      try (MemberReader reader = reader(new ByteArrayInputStream(bad), 0, bad)) {
        reader.start(new ByteRange(0, bad.length));
        reader.read(0, FIRST.length);
      } catch (IOException e) {
        assertThat(e).isInstanceOf(MalformedLayerException.class);
      }
    }
  }

  private static MemberReader reader(InputStream in, long start, byte[] span) {
    return new MemberReader(in, ByteRange.ofLength(start, span.length));
  }

  private static byte[] content(int seed, int size) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    for (int i = 0; i < size; i += 2) {
      bytes[i] = 'x';
    }
    return bytes;
  }

  /// Gives a few bytes at a time, as a slow connection does.
  private static final class Trickle extends FilterInputStream {
    private Trickle(byte[] bytes) {
      super(new ByteArrayInputStream(bytes));
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      return super.read(target, offset, Math.min(length, 13));
    }
  }
}
