package dev.asterism.estargz;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.CorruptContentException;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.estargz.TocEntry.Device;
import dev.asterism.estargz.TocEntry.RegularFile;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TocReaderTest {
  private static final Digest A = Digest.of(new byte[] {1});
  private static final Digest B = Digest.of(new byte[] {2});

  @Test
  void read_entryOfEveryType_isThatType() throws IOException {
    List<TocEntry> entries =
        TestBlob.entries(
            row("'name':'d/','type':'dir','mode':493"),
            row("'name':'d/empty','type':'reg'"),
            row("'name':'d/s','type':'symlink','linkName':'../x'"),
            row("'name':'d/h','type':'hardlink','linkName':'./d/empty'"),
            row("'name':'c','type':'char','devMajor':1,'devMinor':3"),
            row("'name':'b','type':'block','devMajor':4095,'devMinor':1048575"),
            row("'name':'p','type':'fifo'"));
    Attributes none = new Attributes(0, 0, 0, Instant.EPOCH, Map.of());
    assertThat(entries)
        .containsExactly(
            new TocEntry.Directory("d", Attributes.IMPLIED_DIRECTORY),
            new RegularFile("d/empty", none, 0, Optional.empty(), List.of()),
            new TocEntry.Symlink("d/s", none, "../x"),
            new TocEntry.HardLink("d/h", none, "d/empty"),
            new Device("c", none, Device.Kind.CHARACTER, 1, 3),
            new Device("b", none, Device.Kind.BLOCK, 4095, 1048575),
            new TocEntry.Fifo("p", none));
  }

  @Test
  void read_allAttributes_areThere() throws IOException {
    Attributes attributes =
        TestBlob.entries(
                row(
                    "'name':'d','type':'dir','mode':35309,'uid':4294967295,'gid':7,"
                        + "'modtime':'2024-05-06T07:08:09.5Z','userName':'x','NumLink':2,"
                        + "'xattrs':{'user.a':'AP8=','user.empty':'','user.null':null}"))
            .getFirst()
            .attributes();
    assertThat(attributes.mode()).isEqualTo(04755);
    assertThat(attributes.uid()).isEqualTo(4294967295L);
    assertThat(attributes.gid()).isEqualTo(7);
    assertThat(attributes.mtime()).isEqualTo(Instant.parse("2024-05-06T07:08:09.5Z"));
    assertThat(attributes.xattrs()).containsOnlyKeys("user.a", "user.empty", "user.null");
    assertThat(attributes.xattrs().get("user.a")).containsExactly(0, 0xff);
    assertThat(attributes.xattrs().get("user.null")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "a/b,a/b",
    "./a/,a",
    "/a//b,a/b",
    "a/./b,a/b",
    "../x,x",
    "a/../../b,b",
    "a/..b,a/..b",
    ".hidden,.hidden",
    "a/.../b,a/.../b",
    "ü/日,ü/日",
  })
  void read_anyName_isCleaned(String raw, String cleaned) throws IOException {
    assertThat(TestBlob.entries(row("'name':'" + raw + "','type':'fifo'")).getFirst().name())
        .isEqualTo(cleaned);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "./", "/", "a/.."})
  void read_rootUnderAnyName_isEmpty(String raw) throws IOException {
    assertThat(TestBlob.entries(row("'name':'" + raw + "','type':'dir'")).getFirst().name())
        .isEmpty();
  }

  @Test
  void read_fileOfThreeChunks_comesWithThem() throws IOException {
    List<TocEntry> entries =
        TestBlob.entries(
            row(
                ("'name':'f','type':'reg','size':25,'digest':'%s','offset':5,'chunkSize':10,"
                        + "'chunkDigest':'%s'")
                    .formatted(A, B)),
            row("'name':'f','type':'chunk','offset':50,'chunkOffset':10,'chunkSize':10"),
            row("'name':'other','type':'chunk','offset':50,'innerOffset':512,'chunkOffset':20"),
            row("'name':'next','type':'fifo'"));
    assertThat(((RegularFile) entries.getFirst()).chunks())
        .containsExactly(
            new Chunk(0, 10, Optional.of(B), 5, 0),
            new Chunk(10, 10, Optional.empty(), 50, 0),
            new Chunk(20, 5, Optional.empty(), 50, 512));
    assertThat(entries).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"digest", "chunkDigest"})
  void read_oneChunkWithOneOfTheDigests_hasBoth(String field) throws IOException {
    RegularFile file =
        (RegularFile)
            TestBlob.entries(row("'name':'f','type':'reg','size':5,'%s':'%s'".formatted(field, A)))
                .getFirst();
    assertThat(file.digest()).contains(A);
    assertThat(file.chunks().getFirst().digest()).contains(A);
  }

  @Test
  void read_fieldNamesInAnotherCase_areTheSameFields() throws IOException {
    assertThat(
            TestBlob.withToc(
                    "{'Entries':[{'NAME':'x','Type':'symlink','LINKNAME':'y'}]}".replace('\'', '"'))
                .entries())
        .singleElement()
        .isInstanceOfSatisfying(
            TocEntry.Symlink.class, link -> assertThat(link.target()).isEqualTo("y"));
  }

  @Test
  void read_nullFieldAndUnknownFields_changeNothing() throws IOException {
    assertThat(
            TestBlob.entries(
                row(
                    "'name':'x','name':null,'type':'fifo','other':{'a':[1,{'b':null}]},'uid':null")))
        .singleElement()
        .extracting(TocEntry::name)
        .isEqualTo("x");
  }

  @ParameterizedTest
  @CsvSource({
    "2024-05-06T07:08:09Z,2024-05-06T07:08:09Z",
    "2024-05-06T07:08:09+02:00,2024-05-06T05:08:09Z",
    "12345-01-01T00:00:00Z,+12345-01-01T00:00:00Z",
    "-0005-01-01T00:00:00Z,-0005-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z,1970-01-01T00:00:00Z",
  })
  void read_timeAsGoPrintsIt_isThatTime(String text, String expected) throws IOException {
    assertThat(
            TestBlob.entries(row("'name':'x','type':'fifo','modtime':'%s'".formatted(text)))
                .getFirst()
                .attributes()
                .mtime())
        .isEqualTo(Instant.parse(expected));
  }

  @ParameterizedTest
  @ValueSource(strings = {".prefetch.landmark", "./.no.prefetch.landmark", "/stargz.index.json"})
  void isBookkeeping_inTheRoot_isTrue(String name) throws IOException {
    TocEntry entry = TestBlob.entries(row("'name':'%s','type':'reg'".formatted(name))).getFirst();
    assertThat(entry.isBookkeeping()).isTrue();
  }

  @Test
  void isBookkeeping_below_isFalse() throws IOException {
    TocEntry entry = TestBlob.entries(row("'name':'a/.prefetch.landmark','type':'reg'")).getFirst();
    assertThat(entry.isBookkeeping()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // names
        "'name':'x','type':'other'",
        "'name':'x'",
        "'name':'','type':'reg'",
        "'name':'/','type':'symlink','linkName':'x'",
        "'name':'a\\u0000b','type':'fifo'",
        "'name':'\\ud800','type':'fifo'",
        "'name':7,'type':'fifo'",
        "'name':{},'type':'fifo'",
        "'name':'x','type':'symlink'",
        "'name':'x','type':'hardlink'",
        "'name':'x','type':'hardlink','linkName':'..'",
        // numbers
        "'name':'x','type':'fifo','uid':-1",
        "'name':'x','type':'fifo','gid':4294967296",
        "'name':'x','type':'fifo','mode':1.5",
        "'name':'x','type':'fifo','mode':'7'",
        "'name':'x','type':'fifo','uid':99999999999999999999",
        "'name':'x','type':'char','devMajor':4096",
        "'name':'x','type':'char','devMinor':1048576",
        "'name':'x','type':'block','devMajor':-1",
        "'name':'x','type':'fifo','modtime':'yesterday'",
        "'name':'x','type':'fifo','modtime':'2024-02-30T00:00:00Z'",
        // files
        "'name':'x','type':'reg','size':-1",
        "'name':'x','type':'reg','size':9223372036854775807",
        "'name':'x','type':'reg','size':268435457",
        "'name':'x','type':'reg','size':5,'offset':-1",
        "'name':'x','type':'reg','size':5,'offset':1000",
        "'name':'x','type':'reg','size':5,'offset':9223372036854775807",
        "'name':'x','type':'reg','size':5,'innerOffset':-1",
        "'name':'x','type':'reg','size':5,'innerOffset':9223372036854775807",
        "'name':'x','type':'reg','size':5,'chunkOffset':1",
        "'name':'x','type':'reg','size':5,'chunkSize':6",
        "'name':'x','type':'reg','size':5,'chunkSize':-1",
        "'name':'x','type':'reg','size':5,'chunkSize':4",
        "'name':'x','type':'reg','size':5,'chunkDigest':'sha256:00'",
        "'name':'x','type':'reg','size':5,'chunkDigest':'../../etc/passwd'",
        "'name':'x','type':'reg','size':5,'digest':'sha512:00'",
        // xattrs
        "'name':'x','type':'fifo','xattrs':[]",
        "'name':'x','type':'fifo','xattrs':{'a':1}",
        "'name':'x','type':'fifo','xattrs':{'a':'%'}",
        "'name':'x','type':'fifo','xattrs':{'':''}",
        "'name':'x','type':'fifo','xattrs':{'a\\u0000':''}",
      })
  void read_badRow_isMalformed(String row) {
    assertThatThrownBy(() -> TestBlob.entries(row("'name':'before','type':'fifo'"), row(row)))
        .isInstanceOf(MalformedLayerException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'type':'chunk','chunkOffset':9,'chunkSize':1", // overlaps
        "'type':'chunk','chunkOffset':11,'chunkSize':9", // leaves a gap
        "'type':'chunk','chunkOffset':10,'chunkSize':11", // too long
        "'type':'chunk','chunkOffset':10,'chunkSize':9", // too short
        "'type':'chunk','chunkOffset':10,'chunkSize':-10",
        "'type':'fifo','name':'y'", // missing
        "'type':'chunk','chunkOffset':10,'offset':1000",
      })
  void read_chunksThatDoNotMakeTheFile_areMalformed(String second) {
    assertThatThrownBy(() ->
            TestBlob.entries(
                row("'name':'the-file','type':'reg','size':20,'chunkSize':10"), row(second)))
        .isInstanceOf(MalformedLayerException.class)
        .hasMessageContaining("the-file");
  }

  @Test
  void read_chunkBehindTheEnd_isMalformed() {
    assertThatThrownBy(
            () -> TestBlob.entries(row("'name':'x','type':'reg','size':5"), row("'type':'chunk'")))
        .isInstanceOf(MalformedLayerException.class);
    assertThatThrownBy(
            () -> TestBlob.entries(row("'name':'x','type':'fifo'"), row("'type':'chunk'")))
        .isInstanceOf(MalformedLayerException.class);
    assertThatThrownBy(() -> TestBlob.entries(row("'type':'chunk'")))
        .isInstanceOf(MalformedLayerException.class);
  }

  @Test
  void read_digestsThatContradict_areMalformed() {
    assertThatThrownBy(() ->
            TestBlob.entries(
                row(
                    "'name':'x','type':'reg','size':5,'digest':'%s','chunkDigest':'%s'"
                        .formatted(A, B))))
        .isInstanceOf(MalformedLayerException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "null",
        "[]",
        "7",
        "{",
        "{\"entries\":",
        "{\"entries\":[",
        "{\"entries\":{}}",
        "{\"entries\":[null]}",
        "{\"entries\":[[]]}",
        "{\"entries\":[{}]}",
        "{\"entries\":[1]}",
        "{\"entries\":[]} x",
        "{\"entries\":[]}{}",
        "{\"entries\":[],\"entries\":[]}",
        "{\"version\":2,\"entries\":[]}",
        "{\"version\":\"1\"}",
        "{'entries':[]}",
        "{\"entries\":[],}",
        "\u0000",
      })
  void read_badDocument_isMalformed(String json) {
    assertThatThrownBy(() -> TestBlob.withToc(json).entries())
        .isInstanceOf(MalformedLayerException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"entries\":null}", "{\"entries\":[]}\n\t "})
  void read_documentWithoutRows_hasNone(String json) throws IOException {
    assertThat(TestBlob.withToc(json).entries()).isEmpty();
  }

  @Test
  void read_deepNesting_isMalformed() {
    String deep = "{\"x\":" + "[".repeat(100_000);
    assertThatThrownBy(() -> TestBlob.withToc(deep).entries())
        .isInstanceOf(MalformedLayerException.class);
  }

  @Test
  void read_bytesThatAreNoUtf8_areMalformed() {
    byte[] json = "{\"entries\":[{\"name\":\"x?\",\"type\":\"fifo\"}]}".getBytes(UTF_8);
    json[22] = (byte) 0xff;
    assertThatThrownBy(() -> TestBlob.withToc(json, Footer.of(TestBlob.TOC_OFFSET)).entries())
        .isInstanceOf(MalformedLayerException.class);
  }

  @Test
  void read_longNames_areMalformed() {
    String component = "x".repeat(256);
    assertThatThrownBy(
            () -> TestBlob.entries(row("'name':'%s','type':'fifo'".formatted(component))))
        .isInstanceOf(MalformedLayerException.class);
    String path = "x/".repeat(2100);
    assertThatThrownBy(() -> TestBlob.entries(row("'name':'%s','type':'dir'".formatted(path))))
        .isInstanceOf(MalformedLayerException.class);
    assertThatThrownBy(
            () -> TestBlob.entries(row("'name':'%s','type':'dir'".formatted("x".repeat(1 << 20)))))
        .isInstanceOf(MalformedLayerException.class);
  }

  @Test
  void read_moreThanTheLimits_isMalformed() throws IOException {
    TestBlob blob =
        TestBlob.withToc(
            "{\"entries\":["
                + row("'name':'x','type':'reg','size':3,'chunkSize':1")
                + ","
                + row("'type':'chunk','chunkOffset':1,'chunkSize':1")
                + ","
                + row("'type':'chunk','chunkOffset':2,'chunkSize':1")
                + "]}");
    TocLimits limits = TocLimits.DEFAULT;
    assertThat(blob.entries(limits.withCounts(3, 3))).hasSize(1);
    assertMalformed(blob, limits.withCounts(2, 3));
    assertMalformed(blob, limits.withCounts(3, 2));
    assertMalformed(blob, limits.withChunkSizes(1, 0));
    assertMalformed(blob, limits.withTocSizes(10, 1 << 20));
    assertMalformed(blob, limits.withTocSizes(1 << 20, 1000));
  }

  private static void assertMalformed(TestBlob blob, TocLimits limits) {
    assertThatThrownBy(() -> blob.entries(limits)).isInstanceOf(MalformedLayerException.class);
  }

  @Test
  void read_tocMemberThatIsNone_isMalformed() throws IOException {
    byte[] footer = Footer.of(TestBlob.TOC_OFFSET);
    byte[] json = "{\"entries\":[]}".getBytes(UTF_8);
    byte[] member = TestBlob.gzip(TestBlob.tar(Landmark.TOC, json));
    assertMalformed(TestBlob.concat(new byte[1100], footer), TocLimits.DEFAULT);
    assertMalformed(
        TestBlob.withMember(TestBlob.tar("./stargz.index.json", json), footer), TocLimits.DEFAULT);
    assertMalformed(TestBlob.withMember(new byte[1024], footer), TocLimits.DEFAULT);
    for (int cut = 1; cut < member.length; cut += 7) {
      byte[] start = Arrays.copyOf(member, member.length - cut);
      TestBlob blob = TestBlob.concat(new byte[TestBlob.TOC_OFFSET], start, footer);
      assertThatThrownBy(blob::entries).isInstanceOf(IOException.class);
    }
    member[member.length - 7] ^= 1; // CRC-32
    assertMalformed(
        TestBlob.concat(new byte[TestBlob.TOC_OFFSET], member, footer), TocLimits.DEFAULT);
  }

  @Test
  void read_anyToc_givesTheDigestOfAllItsBytes() throws IOException {
    String json = "{\"entries\":[]}\n  \n";
    TestBlob blob = TestBlob.withToc(json);
    Digest digest = TocReader.read(blob, TocLocator.locate(blob), TocLimits.DEFAULT, _ -> {});
    assertThat(digest).isEqualTo(Digest.of(json.getBytes(UTF_8)));
    TocReader.verify("x", digest, digest);
    assertThatThrownBy(() -> TocReader.verify("sha256:layer", A, digest))
        .isInstanceOf(CorruptContentException.class)
        .hasMessageContaining("sha256:layer");
  }

  @Test
  void read_visitorThatThrows_stops() throws IOException {
    TestBlob blob = TestBlob.withToc("{\"entries\":[" + row("'name':'x','type':'fifo'") + "]}");
    IOException mine = new IOException("mine");
    assertThatThrownBy(() ->
            TocReader.read(
                blob,
                TocLocator.locate(blob),
                TocLimits.DEFAULT,
                _ -> {
                  throw mine;
                }))
        .isSameAs(mine);
  }

  private static String row(String fields) {
    return "{" + fields.replace('\'', '"') + "}";
  }
}
