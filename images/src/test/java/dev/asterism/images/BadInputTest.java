package dev.asterism.images;

import static dev.asterism.testkit.layer.Entry.dir;
import static dev.asterism.testkit.layer.Entry.file;
import static dev.asterism.testkit.layer.Entry.hardLink;
import static dev.asterism.testkit.layer.Entry.symlink;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.MemberEncoder;
import dev.asterism.estargz.TocPlace;
import dev.asterism.estargz.tar.TarEntry;
import dev.asterism.estargz.tar.TarWriter;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.Platform;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Images of layers that are damaged, lie or play tricks: refused with the layer's and the entry's
/// name and without a trace, or converted into what every reader can read.
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class BadInputTest {
  private static final Platform AMD = new Platform("linux", "amd64", "");
  private static final TransferOptions ALL = new TransferOptions(new Platforms.All(), false, 2);
  private static final long HUGE = 100L << 30; // 100 GiB

  @TempDir Path folder;
  private Layout source;
  private Path target;
  private Path spools;

  @BeforeEach
  void folders() throws IOException {
    source = new Layout(folder.resolve("source"));
    target = folder.resolve("target");
    spools = Files.createDirectory(folder.resolve("spools"));
  }

  /// @param why part of the message
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Refused(String name, byte[] tar, String why) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Refused> refused() throws IOException {
    byte[] two = Layer.of(file("first", "x".repeat(5000)), file("victim", "y".repeat(5000))).tar();
    return Stream.of(
        new Refused("cut off in content", Arrays.copyOf(two, 9000), "'victim'"),
        new Refused("cut off in a header", Arrays.copyOf(two, 512 + 5120 + 100), "'first'"),
        new Refused("100 GiB declared", concat(header("victim", '0', HUGE), two), "'victim'"),
        new Refused("100 GiB sparse", concat(sparse("victim")), "'victim'"),
        new Refused(
            "8-bit name", concat(two, eightBit("nam\u00e9"), two), "'nam\u00e9' is no UTF-8"),
        new Refused(
            "above the root",
            Layer.of(file("ok", "x"), file("../../etc/passwd", "x")).tar(),
            "entry '../../etc/passwd': the name leads above the root"),
        new Refused(
            "above the root and back",
            Layer.of(file("a/../../b", "y")).tar(),
            "entry 'a/../../b': the name leads above the root"),
        new Refused(
            "linked above the root",
            Layer.of(file("ok", "x"), hardLink("l", "../../etc/shadow")).tar(),
            "entry '../../etc/shadow': its link's target"),
        new Refused("header of 8 GiB", concat(two, header("x", 'x', 8L << 30)), "'victim'"),
        new Refused("long name of 8 GiB", concat(two, header("x", 'L', 8L << 30)), "'victim'"),
        new Refused("name of 5 KiB", Layer.of(file("n/".repeat(2500) + "n", "")).tar(), "'n/n/"),
        new Refused("unknown type", concat(two, header("odd", 'Z', 0)), "'odd'"));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void convert_layerThatCannotBe_isRefusedByNameAndLeavesNothing(Refused bad) throws IOException {
    byte[] tar = bad.tar();
    Json.Obj layer = source.layer(MediaTypes.OCI_LAYER, tar, Digest.of(tar));
    source.tag("1", source.image("amd64", source.gzip(Layer.of(file("ok", "ok"))), layer));
    for (EstargzOptions options : formats()) {
      assertThatThrownBy(() -> convert(options))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("layer 2 of 2")
          .hasMessageContaining(layer.text("digest").orElseThrow())
          .hasMessageContaining(bad.why());
      assertNothingIsLeft();
    }
  }

  @Test
  void convert_compressedLayerThatIsCutOff_isRefusedAndLeavesNothing() throws IOException {
    Layer layer = Layer.of(file("first", "x"), file("victim", "y".repeat(100_000)));
    byte[] whole = layer.tarGz();
    for (int length : new int[] {20, whole.length / 2, whole.length - 4}) {
      byte[] cut = Arrays.copyOf(whole, length);
      source.tag(
          "1",
          source.image(
              "amd64", source.layer(MediaTypes.OCI_LAYER + "+gzip", cut, Digest.of(layer.tar()))));
      assertThatThrownBy(() -> convert(EstargzOptions.DEFAULT))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(Digest.of(cut).toString());
      assertNothingIsLeft();
    }
  }

  @Test
  void convert_archiveThatIsCutOff_isRefusedAndLeavesNothing() throws IOException {
    source.tag("1", source.image("amd64", source.gzip(Layer.of(file("a", "x".repeat(100_000))))));
    Path whole = folder.resolve("whole.tar");
    try (ImageSource from = source.open("1");
        ImageSink to = ArchiveSink.create(whole, Optional.of("1"))) {
      ImageTransfer.copy(from, to, ALL, TransferListener.NONE);
    }
    byte[] bytes = Files.readAllBytes(whole);
    Path cut = folder.resolve("cut.tar");
    for (int length : new int[] {0, 100, 1000, bytes.length / 2, bytes.length - 3000}) {
      Files.write(cut, Arrays.copyOf(bytes, length));
      assertThatThrownBy(
              () -> {
                try (ImageSource from =
                        new LayoutSource(ArchiveFiles.open(cut, spools), Optional.of("1"));
                    ImageSink to = LayoutSink.open(target, Optional.of("1"))) {
                  ImageTransfer.copy(from, to, ALL, TransferListener.NONE);
                }
              })
          .as("%d of %d bytes", length, bytes.length)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("cut.tar");
      assertNothingIsLeft();
    }
  }

  record Odd(String name, List<Entry> entries) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Odd> odd() {
    return Stream.of(
        new Odd("up, not above the root", List.of(file("a/../b", "y"), file("a/b/../../c", "z"))),
        new Odd("absolute", List.of(dir("/abs"), file("/abs/file", "x"))),
        new Odd("through a link", List.of(symlink("a", "/etc"), file("a/passwd", "x"))),
        new Odd("linked above the root", List.of(symlink("up", "../../.."), file("up/x", "x"))),
        new Odd("twice", List.of(file("a", "one"), file("b", "x"), file("a", "two"))),
        new Odd("a file, then a directory", List.of(file("a", "x"), dir("a"), file("a/b", "y"))),
        new Odd("link before its target", List.of(hardLink("l", "f"), file("f", "x"))),
        new Odd("link to itself", List.of(hardLink("l", "l"))),
        new Odd("long names", List.of(file("d/".repeat(100) + "n".repeat(200), "x"))),
        new Odd(
            "xattrs that are no text",
            List.of(file("a", "x").xattr("security.capability", new byte[] {1, 0, -1, '\n'}))),
        new Odd(
            "devices", List.of(Entry.charDevice("null", 1, 3), Entry.blockDevice("loop", 7, 0))),
        new Odd("nothing", List.of()));
  }

  @ParameterizedTest
  @MethodSource("odd")
  void convert_layerThatIsOdd_isReadInBothWaysAndStaysBelowTheRoot(Odd odd) throws IOException {
    Layer layer = new Layer(odd.entries());
    source.tag("1", source.image("amd64", source.gzip(layer)));
    for (EstargzOptions options : formats()) {
      convert(options);
      try (ImageSource made = new LayoutSource(new FolderFiles(target), Optional.of("1"))) {
        ImageCheck check = ImageCheck.of(made, AMD);
        assertThat(check.layers().getFirst().wrong()).as("%s", options).isEmpty();
        PlatformImage.Layer converted = PlatformImage.of(made, AMD).layers().getFirst();
        List<String> names = new ArrayList<>();
        new LayerTocs(made)
            .read(
                converted.descriptor().digest(),
                made.blob(converted.descriptor()),
                entry -> names.add(entry.name()));
        assertThat(names)
            .hasSizeGreaterThanOrEqualTo(odd.entries().size())
            .noneMatch(name -> name.startsWith("/"))
            .noneMatch(name -> List.of(name.split("/")).contains(".."));
      }
    }
  }

  @Test
  void convert_namesThatAreReadAsOthers_areRemarkedOn() throws IOException {
    Layer layer =
        Layer.of(
            file("/abs", "x"),
            file("a/../b", "y"),
            file("./usual", "z"),
            file("dots..dots", "z"),
            hardLink("l", "/abs"));
    source.tag("1", source.image("amd64", source.gzip(layer)));
    for (EstargzOptions options : formats()) {
      List<String> remarks = new CopyOnWriteArrayList<>();
      convert(
          options,
          new TransferListener() {
            @Override
            public void progressed(Descriptor blob, Step step, long bytes) {}

            @Override
            public void remarked(Descriptor about, String text) {
              remarks.add(text);
            }

            @Override
            public void finished(Descriptor from, Descriptor to, Outcome outcome) {}
          });
      assertThat(remarks)
          .containsExactly(
              "entry '/abs' is read as 'abs'",
              "entry 'a/../b' is read as 'b'",
              "entry 'l' links to '/abs', read as 'abs'");
    }
  }

  @Test
  void sinks_afterAWriterThatWasKilled_takeAwayWhatItLeft() throws IOException {
    source.tag("1", source.image("amd64", source.gzip(Layer.of(file("a", "x")))));
    Path part = Files.createDirectories(target.resolve(".asterism")).resolve("unfinished");
    Files.writeString(part, "half a blob");
    convert(EstargzOptions.DEFAULT);
    assertThat(target.resolve(".asterism")).doesNotExist();

    Path archive = folder.resolve("image.tar");
    Files.writeString(folder.resolve("image.tar.part"), "half an archive".repeat(1000));
    try (ImageSource from = source.open("1");
        ImageSink to = ArchiveSink.create(archive, Optional.of("1"))) {
      ImageTransfer.copy(from, to, ALL, TransferListener.NONE);
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(path -> path.getFileName().toString()))
          .contains("image.tar")
          .doesNotContain("image.tar.part");
    }
    try (ImageSource from =
        new LayoutSource(ArchiveFiles.open(archive, spools), Optional.of("1"))) {
      assertThat(ImageCheck.of(from, AMD).isRight()).isTrue();
    }
  }

  /// All that is written: TOC inside, frames of zstd, and the tar as it was.
  private static List<EstargzOptions> formats() {
    EstargzOptions fast = EstargzOptions.DEFAULT.withLevel(1);
    return List.of(
        fast,
        fast.withEncoder(MemberEncoder.ZSTD, 1),
        fast.withToc(TocPlace.BESIDE),
        fast.withToc(TocPlace.BESIDE_SAME_TAR));
  }

  private Descriptor convert(EstargzOptions options) throws IOException {
    return convert(options, TransferListener.NONE);
  }

  private Descriptor convert(EstargzOptions options, TransferListener listener) throws IOException {
    Converter converter =
        new Converter(
            options, Inflation.HERE, FileOrder.NONE, 1 << 20, 2, spools, Optional.empty(), false);
    try (ImageSource from = source.open("1");
        ImageSink to = LayoutSink.open(target, Optional.of("1"))) {
      return converter.convert(from, to, ALL, listener);
    }
  }

  private void assertNothingIsLeft() throws IOException {
    assertThat(target.resolve("index.json")).doesNotExist();
    assertThat(target.resolve(".asterism")).doesNotExist();
    assertThat(spools).isEmptyDirectory();
  }

  /// A header of a type, that declares a size.
  private static byte[] header(String name, char type, long size) throws IOException {
    byte[] block = TarWriter.header(TarEntry.file(name, 0644, 0));
    block[156] = (byte) type;
    // Base-256: eleven octal digits end at 8 GiB.
    Arrays.fill(block, 124, 136, (byte) 0);
    block[124] = (byte) 0x80;
    for (int i = 0; i < 8; i++) {
      block[135 - i] = (byte) (size >>> (8 * i));
    }
    return sealed(block);
  }

  /// A sparse file in GNU's old form: no content, 100 GiB of holes.
  private static byte[] sparse(String name) throws IOException {
    byte[] block = header(name, 'S', 0);
    block[483] = (byte) 0x80;
    for (int i = 0; i < 8; i++) {
      block[494 - i] = (byte) (HUGE >>> (8 * i));
    }
    return sealed(block);
  }

  private static byte[] eightBit(String latin) throws IOException {
    byte[] block = TarWriter.header(TarEntry.file("x".repeat(latin.length()), 0644, 0));
    for (int i = 0; i < latin.length(); i++) {
      block[i] = (byte) latin.charAt(i);
    }
    return sealed(block);
  }

  /// Writes a header's checksum anew.
  private static byte[] sealed(byte[] block) {
    Arrays.fill(block, 148, 156, (byte) ' ');
    int sum = 0;
    for (int i = 0; i < 512; i++) {
      sum += block[i] & 0xff;
    }
    System.arraycopy("%06o\0 ".formatted(sum).getBytes(US_ASCII), 0, block, 148, 8);
    return block;
  }

  /// One tar of several: end blocks of the earlier ones are left out.
  private static byte[] concat(byte[]... tars) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] tar : tars) {
      boolean ends = tar.length > 1024 && isZero(tar, tar.length - 1024);
      all.write(tar, 0, ends ? tar.length - 1024 : tar.length);
    }
    return all.toByteArray();
  }

  private static boolean isZero(byte[] bytes, int from) {
    for (int i = from; i < bytes.length; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return true;
  }
}
