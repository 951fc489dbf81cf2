package dev.asterism.estargz.tar;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.MalformedLayerException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TarTest {
  @Test
  void next_whatTheWriterWrote_isTheSame() throws IOException {
    TarReader reader = reader(TarSamples.everyType());
    for (TarEntry expected : TarSamples.everyEntry()) {
      TarEntry entry = reader.next().orElseThrow();
      assertThat(entry).usingRecursiveComparison().ignoringFields("xattrs").isEqualTo(expected);
      assertThat(entry.xattrs()).containsExactlyEntriesOf(expected.xattrs());
      assertThat(reader.content().readAllBytes()).isEqualTo(TarSamples.content(expected));
      assertThat(reader.header()).isEqualTo(TarWriter.header(expected));
    }
    assertThat(reader.next()).isEmpty();
  }

  @Test
  void next_contentThatWasNotRead_isSkipped() throws IOException {
    byte[] tar = TarSamples.everyType();
    TarReader reader = reader(tar);
    List<String> names = new ArrayList<>();
    for (Optional<TarEntry> e = reader.next(); e.isPresent(); e = reader.next()) {
      names.add(e.get().name());
      assertThat(reader.header())
          .isEqualTo(
              Arrays.copyOfRange(tar, (int) reader.headerOffset(), (int) reader.contentOffset()));
    }
    assertThat(names)
        .containsExactlyElementsOf(TarSamples.everyEntry().stream().map(TarEntry::name).toList());
  }

  @Test
  void writer_readByCommonsCompress_isTheSame() throws IOException {
    try (TarArchiveInputStream in =
        new TarArchiveInputStream(new ByteArrayInputStream(TarSamples.everyType()), "UTF-8")) {
      for (TarEntry expected : TarSamples.everyEntry()) {
        TarArchiveEntry entry = in.getNextEntry();
        assertThat(entry.getName()).isEqualTo(expected.name());
        assertThat(entry.getLinkName()).isEqualTo(expected.linkName());
        assertThat(entry.getSize()).isEqualTo(expected.size());
        assertThat(entry.getMode()).isEqualTo(expected.mode());
        assertThat(entry.getLongUserId()).isEqualTo(expected.uid());
        assertThat(entry.getLongGroupId()).isEqualTo(expected.gid());
        assertThat(entry.getGroupName()).isEqualTo(expected.groupName());
        assertThat(entry.getDevMinor()).isEqualTo((int) expected.minor());
        assertThat(entry.getLastModifiedTime().toInstant()).isEqualTo(expected.mtime());
        assertThat(in.readAllBytes()).isEqualTo(TarSamples.content(expected));
      }
      assertThat(in.getNextEntry()).isNull();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {TarArchiveOutputStream.LONGFILE_GNU, TarArchiveOutputStream.LONGFILE_POSIX})
  void next_longNamesAndBigNumbersOfOthers_areRead(int longFiles) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    String name = "directory/".repeat(40) + "ü";
    String target = "target/".repeat(40);
    try (TarArchiveOutputStream out = new TarArchiveOutputStream(bytes, "UTF-8")) {
      out.setLongFileMode(longFiles);
      out.setBigNumberMode(
          longFiles == TarArchiveOutputStream.LONGFILE_GNU
              ? TarArchiveOutputStream.BIGNUMBER_STAR
              : TarArchiveOutputStream.BIGNUMBER_POSIX);
      TarArchiveEntry entry = new TarArchiveEntry(name, TarConstants.LF_SYMLINK);
      entry.setLinkName(target);
      entry.setUserId(4_000_000_000L);
      entry.setGroupId(3_000_000_000L);
      entry.setModTime(-77_000L);
      out.putArchiveEntry(entry);
      out.closeArchiveEntry();
      TarArchiveEntry next = new TarArchiveEntry("next");
      next.setSize(3);
      out.putArchiveEntry(next);
      out.write("abc".getBytes(UTF_8));
      out.closeArchiveEntry();
    }
    TarReader reader = reader(bytes.toByteArray());
    TarEntry entry = reader.next().orElseThrow();
    assertThat(entry.name()).isEqualTo(name);
    assertThat(entry.linkName()).isEqualTo(target);
    assertThat(entry.uid()).isEqualTo(4_000_000_000L);
    assertThat(entry.gid()).isEqualTo(3_000_000_000L);
    assertThat(entry.mtime()).isEqualTo(Instant.ofEpochSecond(-77));
    assertThat(reader.next().orElseThrow().name()).isEqualTo("next");
    assertThat(reader.content().readAllBytes()).isEqualTo("abc".getBytes(UTF_8));
  }

  @ParameterizedTest
  @CsvSource({
    "0,1970-01-01T00:00:00Z",
    "1.5,1970-01-01T00:00:01.500Z",
    "-0.25,1969-12-31T23:59:59.750Z",
    "-1,1969-12-31T23:59:59Z",
    "1.0000000019,1970-01-01T00:00:01.000000001Z",
    "-2.5,1969-12-31T23:59:57.500Z",
    "7.,1970-01-01T00:00:07Z",
  })
  void paxTime_anyForm_isThatTime(String text, String expected) throws IOException {
    Instant time = PaxRecords.time(text.getBytes(UTF_8));
    assertThat(time).isEqualTo(Instant.parse(expected));
    assertThat(PaxRecords.time(PaxRecords.format(time).getBytes(UTF_8))).isEqualTo(time);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "9 a=b",
        "5 a=b\n",
        "99999999999 a=b\n",
        "-1 a=b\n",
        "x a=b\n",
        "6 ab\n\n",
        "6 a=bc",
        "0 a=b\n",
        "4 =\n",
      })
  void parse_badPaxRecord_isMalformedOrNone(String text) throws IOException {
    try {
      assertThat(PaxRecords.parse(text.getBytes(UTF_8)).keySet()).isSubsetOf("");
    } catch (MalformedLayerException e) {
      assertThat(e).hasMessageContaining("PAX");
    }
  }

  @Test
  void next_paxRecordOfEveryLength_isRead() throws IOException {
    for (int size = 80; size < 110; size++) {
      ByteArrayOutputStream records = new ByteArrayOutputStream();
      PaxRecords.append(records, "key", new byte[size]);
      PaxRecords.append(records, "next", new byte[] {'\n'});
      Map<String, byte[]> parsed = PaxRecords.parse(records.toByteArray());
      assertThat(parsed.get("key")).hasSize(size);
      assertThat(parsed.get("next")).containsExactly('\n');
    }
  }

  @Test
  void next_sparseFilesThatCannotBe_areRefusedByName() throws IOException {
    byte[] gnu = TarWriter.header(TarEntry.file("holes", 0644, 7));
    gnu[TarHeader.TYPE] = 'S';
    byte[] huge = TarWriter.header(TarEntry.file("holes", 0644, 0));
    huge[TarHeader.TYPE] = 'S';
    Arrays.fill(huge, 483, 495, (byte) '7'); // 64 GiB
    byte[] pax = withPax("holes", "GNU.sparse.major", "1");
    for (byte[] tar : List.of(sealed(gnu), sealed(huge), pax)) {
      assertThatThrownBy(() -> reader(tar).next())
          .isInstanceOf(MalformedLayerException.class)
          .hasMessageContaining("sparse")
          .hasMessageContaining("holes");
    }
  }

  @Test
  void next_globalHeader_countsForAllThatFollow() throws IOException {
    byte[] global = withPax("x", "uid", "77");
    global[TarHeader.TYPE] = 'g';
    sealed(global);
    byte[] second = TarWriter.header(TarEntry.file("y", 0644, 0));
    TarReader reader = reader(concat(global, second));
    assertThat(reader.next().orElseThrow().uid()).isEqualTo(77);
    assertThat(reader.next().orElseThrow().uid()).isEqualTo(77);
    assertThat(reader.isVerbatim()).isFalse();
    assertThat(reader.hasGlobalRecords()).isTrue();
  }

  @Test
  void next_nameThatIsNoUtf8_isRefused() {
    byte[] block = TarWriter.header(TarEntry.file("name", 0644, 0));
    block[0] = (byte) 0xff;
    assertThatThrownBy(() -> reader(sealed(block)).next())
        .isInstanceOf(MalformedLayerException.class)
        .hasMessageContaining("UTF-8");
  }

  @Test
  void next_oldDirectoryWithASlash_isADirectory() throws IOException {
    byte[] block = TarWriter.header(TarEntry.file("old/", 0755, 0));
    block[TarHeader.TYPE] = 0;
    assertThat(reader(sealed(block)).next().orElseThrow().type())
        .isEqualTo(TarEntry.Type.DIRECTORY);
  }

  @Test
  void next_wrongChecksumOrType_isMalformed() {
    byte[] block = TarWriter.header(TarEntry.file("name", 0644, 0));
    block[3] = 'x';
    assertThatThrownBy(() -> reader(block).next()).hasMessageContaining("checksum");
    byte[] volume = TarWriter.header(TarEntry.file("name", 0644, 0));
    volume[TarHeader.TYPE] = 'M';
    assertThatThrownBy(() -> reader(sealed(volume)).next())
        .isInstanceOf(MalformedLayerException.class)
        .hasMessageContaining("type");
  }

  @Test
  void next_extensionThatIsTooLarge_isMalformedBeforeItIsRead() {
    byte[] block = TarWriter.header(TarEntry.file("x", 0644, 1 << 30));
    block[TarHeader.TYPE] = 'x';
    assertThatThrownBy(() -> reader(sealed(block)).next())
        .isInstanceOf(MalformedLayerException.class);
  }

  @Test
  void next_endlessExtensions_areMalformed() throws IOException {
    byte[] one = Arrays.copyOf(withPax("x", "comment", "y"), 1024);
    byte[][] many = new byte[20][];
    Arrays.fill(many, one);
    assertThatThrownBy(() -> reader(concat(many)).next())
        .isInstanceOf(MalformedLayerException.class);
  }

  @Test
  void next_tarThatIsCutOff_isAnEnd() throws IOException {
    byte[] tar = TarSamples.everyType();
    for (int size : new int[] {100, 700, 1600, 2500}) {
      TarReader reader = reader(Arrays.copyOf(tar, size));
      assertThatThrownBy(
              () -> {
                while (reader.next().isPresent()) {
                  reader.content().readAllBytes();
                }
              })
          .isInstanceOfAny(EOFException.class, MalformedLayerException.class)
          .hasMessageContaining("tar ends within");
    }
  }

  @Test
  void next_tarWithoutEndBlocks_ends() throws IOException {
    byte[] block = TarWriter.header(TarEntry.file("name", 0644, 0));
    TarReader reader = reader(block);
    assertThat(reader.next()).isPresent();
    assertThat(reader.next()).isEmpty();
  }

  private static TarReader reader(byte[] tar) {
    return new TarReader(new ByteArrayInputStream(tar));
  }

  private static byte[] sealed(byte[] block) {
    byte[] digits = "%06o\0 ".formatted(TarHeader.checksum(block)).getBytes(ISO_8859_1);
    System.arraycopy(digits, 0, block, TarHeader.CHECKSUM.offset(), digits.length);
    return block;
  }

  private static byte[] withPax(String name, String key, String value) throws IOException {
    ByteArrayOutputStream records = new ByteArrayOutputStream();
    PaxRecords.append(records, key, value.getBytes(UTF_8));
    byte[] block = TarWriter.header(TarEntry.file("pax", 0644, records.size()));
    block[TarHeader.TYPE] = 'x';
    byte[] padding = new byte[TarWriter.padding(records.size())];
    return concat(
        sealed(block),
        records.toByteArray(),
        padding,
        TarWriter.header(TarEntry.file(name, 0644, 0)));
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
