package dev.asterism.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DigestTest {
  /// FIPS 180-2, appendix B.1.
  private static final String ABC =
      "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  @Test
  void of_knownBytes_isTheStandardsAnswer() {
    assertThat(Digest.of("abc".getBytes(StandardCharsets.UTF_8))).hasToString(ABC);
  }

  @Test
  void hex_allBytes_isTheDigitsOfEach() {
    byte[] bytes = new byte[Digest.SIZE];
    for (int first = 0; first < 256; first += Digest.SIZE) {
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (first + i);
      }
      String hex = Digest.read(ByteBuffer.wrap(bytes)).hex();
      assertThat(hex).isEqualTo(HexFormat.of().formatHex(bytes));
    }
  }

  @Test
  void parse_textForm_isItsInverse() {
    assertThat(Digest.parse(ABC)).hasToString(ABC);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "sha256:",
        "sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
        "sha256:../../../../../../../../../../../../../../../../../../../etc/passwd00",
        "sha256:+a7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
        "sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      })
  void parse_anythingElse_isRefused(String text) {
    assertThatThrownBy(() -> Digest.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void read_littleEndianBuffer_givesWhatWriteWrote() {
    Digest digest = Digest.parse(ABC);
    ByteBuffer buffer = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN).putInt(7);
    digest.write(buffer);
    buffer.flip().getInt();

    assertThat(Digest.read(buffer)).isEqualTo(digest);
    assertThat(buffer.remaining()).isZero();
  }

  @Test
  void compareTo_twoDigests_ordersAsUnsignedBytes() {
    Digest low = Digest.parse("sha256:" + "7f".repeat(32));
    Digest high = Digest.parse("sha256:" + "80".repeat(32));

    assertThat(low).isLessThan(high);
    assertThat(Arrays.compareUnsigned(low.toBytes(), high.toBytes())).isNegative();
  }
}
