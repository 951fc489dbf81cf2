package dev.asterism.images;

import static dev.asterism.testkit.layer.Entry.dir;
import static dev.asterism.testkit.layer.Entry.file;
import static dev.asterism.testkit.layer.Entry.hardLink;
import static dev.asterism.testkit.layer.Entry.symlink;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.MemberEncoder;
import dev.asterism.estargz.TocPlace;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.Platform;
import dev.asterism.testkit.layer.BadTar;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
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

  static List<BadTar> refused() {
    return BadTar.all();
  }

  @ParameterizedTest
  @MethodSource("refused")
  void convert_layerThatCannotBe_isRefusedByNameAndLeavesNothing(BadTar bad) throws IOException {
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
}
