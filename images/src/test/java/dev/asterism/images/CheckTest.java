package dev.asterism.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.registry.Platform;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.Layer.EstargzBlob;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
