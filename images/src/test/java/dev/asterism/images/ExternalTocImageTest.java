package dev.asterism.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.estargz.Annotations;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.TocPlace;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.Platform;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Images whose TOCs lie in a second image beside them, and those of plain layers.
class ExternalTocImageTest {
  private static final Platform AMD = new Platform("linux", "amd64", "");
  private static final TransferOptions ALL = new TransferOptions(new Platforms.All(), false, 2);
  private static final EstargzOptions FAST = EstargzOptions.DEFAULT.withLevel(1);

  @TempDir Path folder;

  private Layout source;
  private Path target;

  @BeforeEach
  void image() throws IOException {
    source = new Layout(folder.resolve("source"));
    target = folder.resolve("target");
    source.tag(
        "1",
        source.image(
            "amd64",
            source.gzip(RandomTrees.layer(Seeds.generator(1), 40, 4096)),
            source.zstd(Layer.of(Entry.file("etc/motd", "hello")))));
  }

  @Test
  void convert_withTocsBeside_isFoundGoodByWhoLooksThere() throws IOException {
    convert(TocPlace.BESIDE, Optional.of("2"));

    try (ImageSource made = open("2")) {
      Map<?, Descriptor> tocs = TocImage.tocs(made);
      assertThat(tocs).hasSize(2);
      ImageCheck check = ImageCheck.of(made, AMD);
      assertThat(check.layers()).allMatch(l -> l.wrong().isEmpty() && l.suffering().isEmpty());
      List<PlatformImage.Layer> layers = PlatformImage.of(made, AMD).layers();
      assertThat(
              TocDigests.of(made, AMD).values().stream()
                  .map(toc -> toc.map(TocDigests.Toc::digest)))
          .containsExactlyElementsOf(
              layers.stream()
                  .map(l -> l.descriptor().annotations().get(Annotations.TOC_DIGEST))
                  .map(Digest::find)
                  .toList());
      assertThat(ImageDiff.of(made, made, AMD).newChunks()).isZero();
    }
    try (ImageSource alone = new LayoutSource(new FolderFiles(target), Optional.of("2-esgztoc"))) {
      assertThat(alone.root().json().objects("layers")).hasSize(2);
    }
  }

  @Test
  void convert_keepingDiffIds_changesNothingOfTheConfig() throws IOException {
    Descriptor root = convert(TocPlace.BESIDE_SAME_TAR, Optional.of("2"));

    Json.Obj before = source.open("1").root().json();
    Json.Obj after = new Layout(target).document(root).json();
    assertThat(after.object("config")).isEqualTo(before.object("config"));
    assertThat(after.list("layers")).doesNotContainAnyElementsOf(before.list("layers"));
    try (ImageSource made = open("2")) {
      assertThat(ImageCheck.of(made, AMD).isRight()).isTrue();
    }
  }

  @Test
  void convert_keepingDiffIdsOfAnEstargzImage_leavesItsLayers() throws IOException {
    convert(TocPlace.INSIDE, Optional.of("lazy"));
    try (ImageSource lazy = open("lazy");
        ImageSink sink = LayoutSink.open(folder.resolve("third"), Optional.of("3"))) {
      Descriptor root = converter(TocPlace.BESIDE_SAME_TAR).convert(lazy, sink, ALL, listener());
      assertThat(root).isEqualTo(lazy.root().descriptor());
    }
  }

  @Test
  void convert_again_findsLayersAndTocsThere() throws IOException {
    Descriptor first = convert(TocPlace.BESIDE, Optional.of("2"));
    Descriptor again = convert(TocPlace.BESIDE, Optional.of("3"));
    assertThat(again).isEqualTo(first);
    try (ImageSource made = open("3")) {
      assertThat(TocImage.tocs(made)).hasSize(2);
    }
  }

  @Test
  void convert_toWhatHasNoTag_isRefusedBeforeAnythingIsWritten() {
    assertThatThrownBy(() -> convert(TocPlace.BESIDE, Optional.empty()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("tag");
    assertThat(target.resolve("index.json")).doesNotExist();
  }

  @Test
  void copy_toAnArchive_takesTheTocsAlong() throws IOException {
    convert(TocPlace.BESIDE, Optional.of("2"));
    Path archive = folder.resolve("image.tar");
    try (ImageSource from = open("2");
        ImageSink to = ArchiveSink.create(archive, Optional.of("new"))) {
      ImageTransfer.copy(from, to, ALL, listener());
    }
    try (ImageSource from =
        new LayoutSource(ArchiveFiles.open(archive, folder), Optional.of("new"))) {
      assertThat(ImageCheck.of(from, AMD).layers()).allMatch(l -> l.suffering().isEmpty());
    }
  }

  @Test
  void copy_ofTocsToWhatHasNoTag_isRefusedBeforeAnythingIsWritten() throws IOException {
    convert(TocPlace.BESIDE, Optional.of("2"));
    Path untagged = folder.resolve("untagged");
    try (ImageSource from = open("2");
        ImageSink to = LayoutSink.open(untagged, Optional.empty())) {
      assertThatThrownBy(() -> ImageTransfer.copy(from, to, ALL, listener()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("give the destination one");
    }
    assertThat(untagged.resolve("index.json")).doesNotExist();
    assertThat(untagged.resolve("blobs/sha256"))
        .satisfiesAnyOf(
            blobs -> assertThat(blobs).doesNotExist(),
            blobs -> assertThat(blobs).isEmptyDirectory());
  }

  @Test
  void check_withoutTheTocImage_saysThatItIsPulledWhole() throws IOException {
    convert(TocPlace.BESIDE, Optional.of("2"));
    String index = Files.readString(target.resolve("index.json"));
    Files.writeString(target.resolve("index.json"), index.replace("2-esgztoc", "other"));
    try (ImageSource from = open("2")) {
      assertThat(ImageCheck.of(from, AMD).layers())
          .allMatch(l -> l.wrong().isEmpty())
          .allMatch(l -> l.suffering().getFirst().contains("its TOC is external"));
    }
  }

  @Test
  void uncompress_lazyLayers_givesTheirTarsUnderTheSameDiffIds() throws IOException {
    convert(TocPlace.INSIDE, Optional.of("lazy"));
    Path plain = folder.resolve("plain");
    try (ImageSource lazy = open("lazy");
        ImageSink sink = LayoutSink.open(plain, Optional.of("1"))) {
      new Uncompression(Inflation.HERE, spools()).uncompress(lazy, sink, ALL, listener());
      Descriptor config = PlatformImage.of(lazy, AMD).config();
      try (ImageSource made = new LayoutSource(new FolderFiles(plain), Optional.of("1"))) {
        PlatformImage image = PlatformImage.of(made, AMD);
        assertThat(image.config()).isEqualTo(config);
        assertThat(image.layers())
            .allMatch(l -> l.descriptor().digest().equals(l.diffId()))
            .allMatch(l -> l.descriptor().mediaType().equals(MediaTypes.OCI_LAYER))
            .allMatch(l -> l.descriptor().annotations().isEmpty());
        assertThat(ImageCheck.of(made, AMD).isRight()).isTrue();
      }
    }
    assertThat(spools()).isEmptyDirectory();
  }

  private Descriptor convert(TocPlace toc, Optional<String> tag) throws IOException {
    try (ImageSource from = source.open("1");
        ImageSink to = LayoutSink.open(target, tag)) {
      return converter(toc).convert(from, to, ALL, listener());
    }
  }

  private Converter converter(TocPlace toc) throws IOException {
    return new Converter(
        FAST.withToc(toc),
        Inflation.HERE,
        FileOrder.NONE,
        1 << 20,
        2,
        spools(),
        Optional.of(new ConversionRecords(folder.resolve("records"))),
        false);
  }

  private Path spools() throws IOException {
    return Files.createDirectories(folder.resolve("spools"));
  }

  private ImageSource open(String tag) {
    return new LayoutSource(new FolderFiles(target), Optional.of(tag));
  }

  private static TransferListener listener() {
    return TransferListener.NONE;
  }
}
