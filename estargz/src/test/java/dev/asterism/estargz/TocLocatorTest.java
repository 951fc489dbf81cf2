package dev.asterism.estargz;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.ByteRange;
import dev.asterism.content.MalformedLayerException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TocLocatorTest {
  private static final HexFormat HEX = HexFormat.of();

  private static final byte[] LEGACY = footer("1f8b08040000000000ff1600", "00000000000000ffSTARGZ");
  private static final byte[] EXTERNAL =
      footer("1f8b08040000000000ff1500534711" + "00", "STARGZEXTERNALTOC");

  @Test
  void footer_ofAnOffset_hasTheBytesOfTheSpecification() {
    assertThat(HEX.formatHex(Footer.of(0x12ab)))
        .isEqualTo(
            "1f8b08040000000000ff"
                + "1a00"
                + "5347"
                + "1600"
                + HEX.formatHex("00000000000012abSTARGZ".getBytes(US_ASCII))
                + "010000ffff"
                + "0000000000000000");
  }

  @Test
  void footer_readByGzip_isAnEmptyMember() throws IOException {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(Footer.of(7)))) {
      assertThat(in.readAllBytes()).isEmpty();
    }
  }

  @Test
  void locate_estargz_endsBeforeTheFooter() throws IOException {
    TocLocation found = locate(new byte[400], Footer.of(255));
    assertThat(found)
        .isEqualTo(new TocLocation(TocLocation.Format.ESTARGZ, new ByteRange(255, 400)));
  }

  @Test
  void locate_legacyStargz_endsBeforeTheShorterFooter() throws IOException {
    TocLocation found = locate(new byte[400], LEGACY);
    assertThat(found)
        .isEqualTo(new TocLocation(TocLocation.Format.LEGACY_STARGZ, new ByteRange(255, 400)));
  }

  @Test
  void locate_legacyStargzSmallerThanTheOtherFooter_isFound() throws IOException {
    byte[] footer = footer("1f8b08040000000000ff1600", "0000000000000000STARGZ");
    assertThat(locate(new byte[3], footer).range()).isEqualTo(new ByteRange(0, 3));
  }

  @Test
  void locate_externalToc_isToldAndNotReadAsIfItWereThere() throws IOException {
    TestBlob blob = TestBlob.concat(new byte[100], EXTERNAL);
    TocLocation location = TocLocator.locate(blob);
    assertThat(location)
        .isEqualTo(new TocLocation(TocLocation.Format.EXTERNAL_TOC, new ByteRange(100, 146)));
    assertThatThrownBy(() -> TocReader.read(blob, location, TocLimits.DEFAULT, _ -> {}))
        .isInstanceOf(MalformedLayerException.class)
        .hasMessageContaining("external TOC");
  }

  @Test
  void locate_zstdChunked_isWhereTheFooterSays() throws IOException {
    byte[] footer = ZstdFooter.of(108, 292, 9000);
    assertThat(locate(new byte[400], footer))
        .isEqualTo(new TocLocation(TocLocation.Format.ZSTD_CHUNKED, new ByteRange(108, 400)));
  }

  @Test
  void locate_zstdChunkedOfTheLongForm_isWhereTheFooterSays() throws IOException {
    byte[] footer = new byte[64];
    byte[] shorter = ZstdFooter.of(108, 200, 9000);
    System.arraycopy(shorter, 8, footer, 0, 32);
    System.arraycopy(HEX.parseHex("474e556c496e5578"), 0, footer, 56, 8);
    assertThat(locate(new byte[400], footer))
        .isEqualTo(new TocLocation(TocLocation.Format.ZSTD_CHUNKED, new ByteRange(108, 308)));
  }

  @ParameterizedTest
  @CsvSource({
    "7, 10",
    "-1, 10",
    "108, 0",
    "108, -1",
    "108, 293",
    "108, 9223372036854775807",
    "400, 1",
    "9223372036854775807, 9223372036854775807"
  })
  void locate_zstdChunkedThatPointsElsewhere_isMalformed(long offset, long size) {
    // The frame's header is not looked at; what counts begins 40 bytes before the end.
    assertThatThrownBy(() -> locate(new byte[392], ZstdFooter.of(offset, size, 9000)))
        .isInstanceOf(MalformedLayerException.class)
        .hasMessageContaining("beyond itself");
  }

  @Test
  void locate_zstdChunkedOfAnotherType_isRefusedByName() {
    byte[] footer = new byte[40];
    System.arraycopy(HEX.parseHex("476e556c496e5578"), 0, footer, 32, 8);
    assertThatThrownBy(() -> locate(new byte[100], footer))
        .isInstanceOf(MalformedLayerException.class)
        .hasMessageContaining("zstd:chunked");
  }

  @Test
  void locate_plainGzip_saysThatThereIsNoToc() {
    assertThatThrownBy(() -> locate(TestBlob.gzip(new byte[5000])))
        .isInstanceOf(MalformedLayerException.class)
        .hasMessageContaining("no TOC: neither an eStargz nor a zstd:chunked layer");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 39, 46, 50})
  void locate_blobTooSmall_saysThatThereIsNoToc(int size) {
    assertThatThrownBy(() -> locate(new byte[size]))
        .isInstanceOf(MalformedLayerException.class)
        .hasMessageContaining("no TOC");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0000000000000190", // the footer itself
        "00000000000001c2",
        "7fffffffffffffff",
        "8000000000000000",
        "ffffffffffffffff",
        "-000000000000001",
        "+000000000000001",
        "000000000000001G",
        "00000000000000FF",
        "               1",
      })
  void locate_offsetNotBeforeTheFooter_isMalformed(String digits) {
    byte[] footer = footer("1f8b08040000000000ff1a0053471600", digits + "STARGZ");
    assertThatThrownBy(() -> locate(new byte[400], footer))
        .isInstanceOf(MalformedLayerException.class);
  }

  private static TocLocation locate(byte[]... parts) throws IOException {
    return TocLocator.locate(TestBlob.concat(parts));
  }

  private static byte[] footer(String headerHex, String payload) {
    return TestBlob.concat(
            HEX.parseHex(headerHex),
            payload.getBytes(US_ASCII),
            HEX.parseHex("010000ffff" + "0000000000000000"))
        .bytes();
  }
}
