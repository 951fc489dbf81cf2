package dev.asterism.fuse.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Bytes as `linux/fuse.h` lays them out on a little-endian machine, written by hand.
class WireTest {
  @BeforeEach
  void littleEndian() {
    assumeTrue(
        ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN, "golden bytes are little-endian");
  }

  private static MemorySegment bytes(String hex) {
    return MemorySegment.ofArray(HexFormat.of().parseHex(hex.replaceAll("\\s", "")));
  }

  /// Encodes into memory full of rubbish, of which nothing may remain.
  private static String encoded(int size, Consumer<MemorySegment> encode) {
    MemorySegment out = MemorySegment.ofArray(new byte[size]);
    out.fill((byte) 0xee);
    encode.accept(out);
    return HexFormat.of().formatHex(out.toArray(ValueLayout.JAVA_BYTE));
  }

  private static String hex(String hex) {
    return hex.replaceAll("\\s", "");
  }

  private static final Attr ATTR =
      new Attr(
          0x0102030405060708L,
          0x1000,
          8,
          Instant.ofEpochSecond(1, 4),
          Instant.ofEpochSecond(-2, 5),
          Instant.ofEpochSecond(3, 6),
          0x81a4,
          7,
          1000,
          -2,
          0x103,
          4096);

  private static final String ATTR_HEX =
      """
      0807060504030201 0010000000000000 0800000000000000
      0100000000000000 feffffffffffffff 0300000000000000
      04000000 05000000 06000000 a4810000 07000000 e8030000 feffffff 03010000 00100000 00000000
      """;

  @Test
  void inHeader_decodes() {
    assertThat(
            InHeader.decode(
                bytes(
                    """
                    28000000 0f000000 0200000000000080 0100000000000000
                    e8030000 e9030000 39300000 0200 0000
                    """)))
        .isEqualTo(new InHeader(40, Opcode.READ, 0x8000000000000002L, 1, 1000, 1001, 12345, 2));
  }

  @Test
  void inHeader_tooShort_isRefused() {
    assertThatThrownBy(() -> InHeader.decode(bytes("28000000 0f000000")))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void outHeader_encodes() {
    assertThat(encoded(16, new OutHeader(16, -5, 0x8000000000000002L)::encode))
        .isEqualTo(hex("10000000 fbffffff 0200000000000080"));
  }

  @Test
  void initIn_withAndWithoutUpperFlags_decodes() {
    assertThat(
            InitIn.decode(bytes("07000000 2d000000 00000200 ffffff73 a0010000" + "00".repeat(44))))
        .isEqualTo(new InitIn(7, 45, 0x20000, 0x1a0_73ffffffL));
    assertThat(InitIn.decode(bytes("07000000 1f000000 00000200 ffffff03")))
        .isEqualTo(new InitIn(7, 31, 0x20000, 0x3ffffff));
  }

  @Test
  void initOut_encodes() {
    assertThat(
            encoded(
                64, new InitOut(7, 45, 0x100000, 0xa0_40400001L, 128, 96, 4096, 1, 256, 1)::encode))
        .isEqualTo(
            hex(
                """
                07000000 2d000000 00001000 01004040 8000 6000 00100000 01000000 0001 0000
                a0000000 01000000 000000000000 0000 000000000000 0000 0000000000000000
                """));
  }

  @Test
  void entryOut_encodes() {
    EntryOut entry = new EntryOut(5, 6, Duration.ofSeconds(7, 8), Duration.ofSeconds(9, 10), ATTR);
    assertThat(encoded(EntryOut.SIZE, entry::encode))
        .isEqualTo(
            hex(
                "0500000000000000 0600000000000000 0700000000000000 0900000000000000"
                    + "08000000 0a000000"
                    + ATTR_HEX));
  }

  @Test
  void attrOut_encodes() {
    assertThat(encoded(AttrOut.SIZE, new AttrOut(Duration.ofSeconds(7, 8), ATTR)::encode))
        .isEqualTo(hex("0700000000000000 08000000 00000000" + ATTR_HEX));
  }

  @Test
  void openOut_encodes() {
    assertThat(encoded(16, new OpenOut(-1, OpenOut.PASSTHROUGH, 3)::encode))
        .isEqualTo(hex("ffffffffffffffff 80000000 03000000"));
  }

  @Test
  void readIn_decodes() {
    assertThat(
            ReadIn.decode(
                bytes(
                    """
                    0300000000000000 0010000000000000 00001000 00000000
                    0000000000000000 00800000 00000000
                    """)))
        .isEqualTo(new ReadIn(3, 4096, 1 << 20));
  }

  @Test
  void forgetOne_decodesABatch() {
    assertThat(
            ForgetOne.decodeBatch(
                bytes(
                    """
                    02000000 00000000
                    0500000000000000 0100000000000000 0600000000000000 0200000000000000
                    """)))
        .containsExactly(new ForgetOne(5, 1), new ForgetOne(6, 2));
  }

  @Test
  void forgetOne_batchOfMoreThanThereIs_isRefused() {
    assertThatThrownBy(() -> ForgetOne.decodeBatch(bytes("ffffffff 00000000 0500000000000000")))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void statfsOut_encodes() {
    assertThat(encoded(80, new StatfsOut(1, 2, 3, 4, 5, 4096, 255, 4096)::encode))
        .isEqualTo(
            hex(
                """
                0100000000000000 0200000000000000 0300000000000000 0400000000000000
                0500000000000000 00100000 ff000000 00100000 00000000
                """
                    + "00".repeat(24)));
  }

  @Test
  void dirent_encodesWithPadding() {
    assertThat(Dirent.size(3)).isEqualTo(32);
    assertThat(Dirent.size(8)).isEqualTo(32);
    assertThat(Dirent.size(9)).isEqualTo(40);
    byte[] name = {'a', 'b', 'c'};
    assertThat(encoded(32, out -> new Dirent(5, 6, 8).encode(out, name)))
        .isEqualTo(hex("0500000000000000 0600000000000000 03000000 08000000 616263 0000000000"));
  }
}
