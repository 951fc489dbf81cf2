package dev.asterism.bench;

import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Blob;
import dev.asterism.testkit.layer.Layer;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContentsTest {
  private static final String OLD = "what both versions have";
  private static final String NEW = "only in the second";

  private final Blob first =
      Layer.of(file("kept", OLD), file("gone", "of the first")).estargz().blob();
  private final Blob second = Layer.of(file("moved", OLD), file("new", NEW)).estargz().blob();

  @Test
  void read_ofSeveralLayers_countsEachChunkOnce() throws IOException {
    Contents both = Contents.read(List.of(first, second));

    assertThat(both.compressedSize()).isEqualTo(first.size() + second.size());
    assertThat(both.files()).containsOnlyKeys("kept", "gone", "moved", "new");
    assertThat(both.union(both)).isEqualTo(plainSize(OLD, "of the first", NEW));
  }

  @Test
  void inFiles_ofBoth_takesWholeBlocksForEachChunkOnce() throws IOException {
    Contents contents = Contents.read(List.of(first));

    assertThat(contents.inFiles(Contents.read(List.of(second)), 4096)).isEqualTo(3 * 4096);
  }

  @Test
  void missing_ofTheSameContents_isTheTocsAlone() throws IOException {
    Contents contents = Contents.read(List.of(first));

    assertThat(contents.missing(contents)).isEqualTo(contents.tocSize());
  }

  @Test
  void missing_ofAnotherVersion_addsTheNewMembers() throws IOException {
    Contents contents = Contents.read(List.of(second));
    long payload = contents.missing(Contents.read(List.of(first))) - contents.tocSize();

    assertThat(payload).isBetween((long) NEW.length(), second.size() - contents.tocSize());
  }

  @Test
  void fileOf_aSize_isTheNearest() throws IOException {
    assertThat(Contents.read(List.of(first)).fileOf(OLD.length() + 1)).isEqualTo("/kept");
  }

  private static long plainSize(String... texts) {
    return List.of(texts).stream().mapToLong(String::length).sum();
  }
}
