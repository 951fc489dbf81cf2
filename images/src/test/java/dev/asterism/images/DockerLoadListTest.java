package dev.asterism.images;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What `docker load` is told of an archive.
class DockerLoadListTest {
  @TempDir Path folder;

  private final Map<Digest, Document> held = new HashMap<>();
  private Layout layout;

  @BeforeEach
  void layout() throws IOException {
    layout = new Layout(folder);
  }

  @Test
  void list_ofAnImage_namesItsFilesAndTheWholeName() throws IOException {
    Document image = image("amd64", "lower", "upper");
    Json.Obj entry = list(image, "127.0.0.1:5000/a/b:1").getFirst();
    List<String> files =
        image.children().stream()
            .map(child -> "blobs/sha256/" + child.descriptor().digest().hex())
            .toList();
    assertThat(entry.text("Config")).contains(files.getFirst());
    assertThat(entry.texts("Layers")).isEqualTo(files.subList(1, 3));
    assertThat(entry.texts("RepoTags")).containsExactly("127.0.0.1:5000/a/b:1");
  }

  @Test
  void list_ofATagThatIsNoWholeName_hasNoName() throws IOException {
    Document image = image("amd64", "a");
    assertThat(list(image, "app:1").getFirst().texts("RepoTags")).containsExactly("app:1");
    for (String tag : List.of("1", "App:1", "a b:1", "app:", ":1", "registry.example/app")) {
      assertThat(list(image, tag).getFirst().texts("RepoTags")).as(tag).isEmpty();
    }
  }

  @Test
  void list_ofAnIndex_hasTheImagesThatAreThereAndNoAttestation() throws IOException {
    Document amd = image("amd64", "a");
    Document arm = image("arm64", "b");
    Document statement =
        held(
            layout.image(
                "unknown",
                layout
                    .plain(Layer.of(Entry.file("x", "y")))
                    .with("mediaType", "application/vnd.in-toto+json")));
    Document elsewhere = layout.image("s390x", layout.plain(Layer.of(Entry.file("c", "c"))));
    Document index = layout.index(amd, arm, statement, elsewhere);

    List<Json.Obj> entries = list(index, "app:1");

    assertThat(entries).hasSize(2).allMatch(entry -> entry.texts("RepoTags").isEmpty());
  }

  private Document image(String architecture, String... files) throws IOException {
    Json.Obj[] layers = new Json.Obj[files.length];
    for (int i = 0; i < files.length; i++) {
      layers[i] = layout.gzip(Layer.of(Entry.file(files[i], files[i])));
    }
    return held(layout.image(architecture, layers));
  }

  private Document held(Document document) {
    held.put(document.digest(), document);
    return document;
  }

  private List<Json.Obj> list(Document root, String tag) throws IOException {
    String list = new String(DockerLoadList.of(root, held, Optional.of(tag)), UTF_8);
    return Json.parse("list", "{\"images\":%s}".formatted(list).getBytes(UTF_8)).objects("images");
  }
}
