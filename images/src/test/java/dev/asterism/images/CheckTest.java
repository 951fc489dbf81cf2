package dev.asterism.images;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.estargz.Annotations;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.Landmark;
import dev.asterism.estargz.LayerStream;
import dev.asterism.estargz.TocLimits;
import dev.asterism.estargz.TocLocation;
import dev.asterism.estargz.TocLocator;
import dev.asterism.estargz.TocReader;
import dev.asterism.registry.Platform;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.Layer.EstargzBlob;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What is said of good, slow and wrong images, and of two versions of one.
class CheckTest {
  private static final Platform AMD = new Platform("linux", "amd64", "");

  @TempDir Path folder;
  private Layout layout;

  @BeforeEach
  void open() throws IOException {
    layout = new Layout(folder);
  }

  private Json.Obj estargz(Layer layer) throws IOException {
    return estargz(layer.estargz(Layer.SMALL_CHUNKS.withMinChunkSize(3000)));
  }

  private Json.Obj estargz(EstargzBlob blob) throws IOException {
    Json.Obj annotations = Json.Obj.empty();
    for (var each : blob.layer().annotations().entrySet()) {
      annotations = annotations.with(each.getKey(), each.getValue());
    }
    return layout
        .layer(MediaTypes.OCI_LAYER + "+gzip", blob.bytes(), blob.layer().diffId())
        .with("annotations", annotations);
  }

  private ImageCheck.Layer check(Json.Obj layer) throws IOException {
    layout.tag("1", layout.image("amd64", layer));
    try (ImageSource source = layout.open("1")) {
      ImageCheck check = ImageCheck.of(source, AMD);
      assertThat(check.isRight()).isEqualTo(check.layers().getFirst().wrong().isEmpty());
      return check.layers().getFirst();
    }
  }

  @Test
  void check_whatWasWritten_isGood() throws IOException {
    for (int seed = 1; seed < 6; seed++) {
      Layer layer = RandomTrees.layer(Seeds.generator(seed), 60, 16 << 10);
      ImageCheck.Layer checked = check(estargz(layer));
      assertThat(checked.wrong()).as("seed %d", seed).isEmpty();
      assertThat(checked.suffering()).isEmpty();
    }
  }

  @Test
  void check_ordinaryLayer_isSlowNotWrong() throws IOException {
    ImageCheck.Layer checked = check(layout.gzip(Layer.of(Entry.file("a", "x"))));
    assertThat(checked.wrong()).isEmpty();
    assertThat(checked.suffering()).singleElement().asString().contains("pulled whole");
  }

  @Test
  void check_tocOfAnotherLayer_isWrong() throws IOException {
    Json.Obj one = estargz(Layer.of(Entry.file("a", "x")));
    Json.Obj other = estargz(Layer.of(Entry.file("a", "y")));
    assertThat(check(one.with("annotations", other.object("annotations").orElseThrow())).wrong())
        .singleElement()
        .asString()
        .contains("pins TOC");
  }

  @Test
  void check_wrongDiffIdAndSize_areWrong() throws IOException {
    EstargzBlob blob = Layer.of(Entry.file("a", "x")).estargz();
    Json.Obj layer =
        layout
            .layer(MediaTypes.OCI_LAYER + "+gzip", blob.bytes(), Digest.of(new byte[1]))
            .with(
                "annotations",
                Json.Obj.empty().with("io.containers.estargz.uncompressed-size", "7"));
    ImageCheck.Layer checked = check(layer);
    assertThat(checked.wrong()).hasSize(2);
    assertThat(checked.suffering()).singleElement().asString().contains("does not pin");
  }

  @Test
  void check_ofSeveralPlatforms_looksAtAllOfThem() throws IOException {
    Json.Obj good = estargz(Layer.of(Entry.file("a", "x")));
    Json.Obj bad = estargz(Layer.of(Entry.file("a", "y")));
    bad = bad.with("annotations", good.object("annotations").orElseThrow());
    layout.tag("1", layout.index(layout.image("amd64", good), layout.image("arm64", bad)));
    try (ImageSource source = layout.open("1")) {
      List<ImageCheck> checks = ImageCheck.of(source, new Platforms.All());
      assertThat(checks).extracting(ImageCheck::isRight).containsExactly(true, false);
      assertThat(checks)
          .extracting(check -> check.platform().orElseThrow().toString())
          .containsExactly("linux/amd64", "linux/arm64");
      Platforms two = new Platforms.Of(List.of(AMD, new Platform("linux", "s390x", "")));
      assertThatThrownBy(() -> ImageCheck.of(source, two)).hasMessageContaining("linux/s390x");
    }
  }

  /// A layer whose TOC is another one.
  ///
  /// @param edit of the TOC's text
  /// @param finding part of what is said
  record Damage(String name, UnaryOperator<String> edit, String finding) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Damage damage(String name, String pattern, String with, String finding) {
    return new Damage(name, toc -> toc.replaceFirst(pattern, with), finding);
  }

  static Stream<Damage> damages() {
    return Stream.of(
        damage("mode", "(\"name\": ?\"big\"[^}]*?\"mode\": ?)\\d+", "$1384", "'big' has mode 0644"),
        damage("owner", "\"uid\": ?7", "\"uid\": 8", "'big' has owner 7:0, the TOC says 8:0"),
        damage("time", "2024-05-06T07:08:09", "2024-05-06T07:08:11", "has time 2024-05-06T07:08"),
        damage("xattr's value", "dmFsdWU=", "b3RoZXI=", "'big' has xattrs [user.note]"),
        damage("name", "\"name\": ?\"link\"", "\"name\": \"knil\"", "is 'link', the TOC has"),
        damage(
            "target", "\"linkName\": ?\"big\"", "\"linkName\": \"gib\"", "is 'link', the TOC has"),
        damage("device", "\"devMajor\": ?1", "\"devMajor\": 2", "is 'null', the TOC has"),
        damage(
            "a row less",
            ",\\s*\\{[^{}]*\"name\": ?\"pipe\"[^{}]*\\}",
            "",
            "the TOC has something else"),
        new Damage(
            "a row more",
            toc -> {
              int end = toc.lastIndexOf(']');
              return toc.substring(0, end)
                  + ",{\"name\":\"more\",\"type\":\"fifo\"}"
                  + toc.substring(end);
            },
            "the TOC lists 'more', the tar does not"),
        new Damage("a chunk's digest", toc -> otherDigest(toc, "chunkDigest"), "does not hash to"),
        new Damage(
            "a file's digest", toc -> otherDigest(toc, "digest"), "'big' has another digest"),
        damage("no landmark", "\\.no\\.prefetch\\.landmark", "landmark", "no landmark"),
        damage(
            "no chunk there",
            "(\"name\": ?\"big\"[^}]*?\"offset\": ?)\\d+",
            "$11",
            "chunk by chunk"));
  }

  /// Changes the first digest under a key of the file `big`.
  private static String otherDigest(String toc, String key) {
    int at = toc.indexOf("\"" + key + "\"", toc.indexOf("\"big\""));
    int digit = toc.indexOf("sha256:", at) + 7;
    char other = toc.charAt(digit) == '0' ? '1' : '0';
    return toc.substring(0, digit) + other + toc.substring(digit + 1);
  }

  @ParameterizedTest
  @MethodSource("damages")
  void check_tocThatIsNotTheTars_isFound(Damage damage) throws IOException {
    Layer layer =
        Layer.of(
            Entry.file("big", RandomTrees.content(Seeds.generator(3), 40_000))
                .owner(7, 0)
                .xattr("user.note", "value"),
            Entry.symlink("link", "big"),
            Entry.charDevice("null", 1, 3),
            Entry.fifo("pipe"));
    assertThat(check(withToc(layer.estargz(), toc -> toc)).wrong()).isEmpty();
    ImageCheck.Layer found = check(withToc(layer.estargz(), damage.edit()));
    assertThat(Stream.concat(found.wrong().stream(), found.suffering().stream()))
        .anySatisfy(text -> assertThat(text).contains(damage.finding()));
  }

  @Test
  void check_landmarkBehindEverything_isSlow() throws IOException {
    Layer layer =
        Layer.of(
            Entry.file("first", RandomTrees.content(Seeds.generator(4), 2 << 20)),
            Entry.file("second", "x"));
    ImageCheck.Layer few = check(estargz(layer.estargz(prioritized("second"))));
    assertThat(few.suffering()).isEmpty();
    ImageCheck.Layer nearlyAll = check(estargz(layer.estargz(prioritized("first"))));
    assertThat(nearlyAll.wrong()).isEmpty();
    assertThat(nearlyAll.suffering()).singleElement().asString().contains("when it mounts");
  }

  private static EstargzOptions prioritized(String name) {
    return Layer.SMALL_CHUNKS.withPrioritized(List.of(name));
  }

  /// Writes a layer whose TOC is changed, with footer, pin and diff ID as they have to be.
  private Json.Obj withToc(EstargzBlob whole, UnaryOperator<String> edit) throws IOException {
    TocLocation location = TocLocator.locate(whole.blob());
    StringBuilder text = new StringBuilder();
    TocReader.text(
        whole.blob(),
        location,
        TocLimits.DEFAULT,
        json -> text.append(new String(json.readAllBytes(), UTF_8)));
    byte[] toc = edit.apply(text.toString()).getBytes(UTF_8);
    ByteArrayOutputStream blob = new ByteArrayOutputStream();
    blob.write(whole.bytes(), 0, (int) location.tocOffset());
    blob.write(Layer.of(Entry.file(Landmark.TOC, toc)).tarGz());
    int footer = (int) location.range().end();
    blob.write(whole.bytes(), footer, whole.bytes().length - footer);
    Digest diffId =
        Digest.of(LayerStream.plain(new ByteArrayInputStream(blob.toByteArray())).readAllBytes());
    return layout
        .layer(MediaTypes.OCI_LAYER + "+gzip", blob.toByteArray(), diffId)
        .with(
            "annotations",
            Json.Obj.empty().with(Annotations.TOC_DIGEST, Digest.of(toc).toString()));
  }

  @Test
  void diff_secondVersion_countsWhatIsNew() throws IOException {
    byte[] big = RandomTrees.content(Seeds.generator(1), 64 << 10);
    byte[] changed = big.clone();
    changed[0]++;
    Layer first =
        Layer.of(Entry.file("kept", "k"), Entry.file("d/gone", "g"), Entry.file("big", big));
    Layer base = Layer.of(Entry.file("kept", "k"), Entry.file("d/gone", "g"));
    Layer top =
        Layer.of(
            Entry.file("big", changed), Entry.file("d/.wh..wh..opq", ""), Entry.file("new", "n"));
    Path secondFolder = folder.resolve("second");
    layout.tag("1", layout.image("amd64", estargz(first.estargz())));
    layout = new Layout(secondFolder);
    layout.tag("1", layout.image("amd64", estargz(base.estargz()), estargz(top.estargz())));
    try (ImageSource before = new LayoutSource(new FolderFiles(folder), Optional.of("1"));
        ImageSource after = layout.open("1")) {
      ImageDiff diff = ImageDiff.of(before, after, AMD);
      assertThat(diff.added()).containsExactly("new");
      assertThat(diff.removed()).containsExactly("d/gone");
      assertThat(diff.changed()).isEqualTo(List.of("big"));
      assertThat(diff.newChunks()).isEqualTo(2); // the first of four, and "new"
      assertThat(diff.newBytes()).isEqualTo((16 << 10) + 1);
      assertThat(diff.newCompressed()).isBetween(8_000L, diff.allCompressed());
      ImageDiff same = ImageDiff.of(before, before, AMD);
      assertThat(same.newBytes() + same.newCompressed()).isZero();
    }
    layout.tag("2", layout.image("amd64", layout.gzip(base)));
    try (ImageSource plain = layout.open("2")) {
      assertThatThrownBy(() -> ImageDiff.of(plain, plain, AMD)).hasMessageContaining("no TOC");
    }
  }
}
