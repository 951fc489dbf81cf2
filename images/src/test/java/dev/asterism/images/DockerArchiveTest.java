package dev.asterism.images;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.registry.Platform;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Archives as `docker save` writes them, and such as nobody should.
class DockerArchiveTest {
  private static final Platform AMD = new Platform("linux", "amd64", "");
  private static final TransferOptions ALL = new TransferOptions(new Platforms.All(), false, 2);
  private static final Layer LOWER = Layer.of(Entry.file("lower", "x".repeat(20_000)));
  private static final Layer UPPER = Layer.of(Entry.file("upper", "y"));

  @TempDir Path folder;
  private Path archive;
  private Path target;

  @BeforeEach
  void paths() {
    archive = folder.resolve("saved.tar");
    target = folder.resolve("target");
  }

  private static Entry config(Layer... layers) {
    String ids =
        String.join(
            ",",
            List.of(layers).stream()
                .map(layer -> "\"%s\"".formatted(Digest.of(layer.tar())))
                .toList());
    return Entry.file(
        "config.json",
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["
            + ids
            + "]}}");
  }

  private static Entry manifest(String... layers) {
    String names = String.join(",", List.of(layers).stream().map("\"%s\""::formatted).toList());
    return Entry.file(
        "manifest.json",
        "[{\"Config\":\"config.json\",\"RepoTags\":[\"app:1\"],\"Layers\":[" + names + "]}]");
  }

  private void save(Entry... entries) throws IOException {
    Files.write(archive, Layer.of(entries).tar());
  }

  private ImageSource open(String tag) throws IOException {
    return DockerArchiveSource.open(ArchiveFiles.open(archive, folder), Optional.of(tag));
  }

  private void copy(String tag) throws IOException {
    try (ImageSource from = open(tag);
        ImageSink to = LayoutSink.open(target, Optional.of("1"))) {
      ImageTransfer.copy(from, to, ALL, TransferListener.NONE);
    }
  }

  private List<Digest> diffIds() throws IOException {
    try (ImageSource copied = new Layout(target).open("1")) {
      return PlatformImage.of(copied, AMD).layers().stream()
          .map(PlatformImage.Layer::diffId)
          .toList();
    }
  }

  @Test
  void copy_ofWhatDockerSaved_isTheImage() throws IOException {
    save(
        Entry.dir("abc"),
        Entry.file("abc/layer.tar", LOWER.tar()),
        Entry.dir("def"),
        Entry.symlink("def/layer.tar", "../abc/layer.tar"), // as it does with what comes twice
        Entry.file("ghi/layer.tar", UPPER.tarGz()),
        config(LOWER, LOWER, UPPER),
        manifest("abc/layer.tar", "def/layer.tar", "ghi/layer.tar"));
    copy("app:1");
    assertThat(diffIds())
        .containsExactly(Digest.of(LOWER.tar()), Digest.of(LOWER.tar()), Digest.of(UPPER.tar()));
    try (ImageSource copied = new Layout(target).open("1")) {
      ImageCheck check = ImageCheck.of(copied, AMD);
      assertThat(check.isRight()).isTrue();
      assertThat(check.layers()).hasSize(3);
    }
  }

  @Test
  @Tag("kernel")
  void copy_ofWhatSkopeoWrote_isTheImage() throws IOException, InterruptedException {
    Machine.requireRootAnd("skopeo");
    Layout source = new Layout(folder.resolve("source"));
    source.tag("1", source.image("amd64", source.gzip(LOWER), source.plain(UPPER)));
    Command.of("skopeo", "copy", "oci:" + folder.resolve("source") + ":1")
        .with("docker-archive:" + archive + ":registry.example/app:2")
        .runOrThrow();
    copy("registry.example/app:2");
    assertThat(diffIds()).containsExactly(Digest.of(LOWER.tar()), Digest.of(UPPER.tar()));
  }

  @Test
  void open_manifestThatNamesWhatIsNotThere_saysWhat() throws IOException {
    save(Entry.file("a.tar", LOWER.tar()), config(LOWER, UPPER), manifest("a.tar", "b.tar"));
    assertThatThrownBy(() -> open("app:1"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("saved.tar")
        .hasMessageContaining("no b.tar");
    save(Entry.file("a.tar", LOWER.tar()), manifest("a.tar"));
    assertThatThrownBy(() -> open("app:1")).hasMessageContaining("no config.json");
    save(Entry.file("a.tar", LOWER.tar()), config(LOWER), manifest("a.tar"));
    assertThatThrownBy(() -> open("app:2")).hasMessageContaining("0 images of tag app:2");
  }

  @Test
  void copy_ofAnArchiveThatIsCutOff_isRefused() throws IOException {
    save(Entry.file("a.tar", LOWER.tar()), config(LOWER), manifest("a.tar"));
    byte[] whole = Files.readAllBytes(archive);
    for (int length : new int[] {0, 300, 5000, whole.length - 2000}) {
      Files.write(archive, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> copy("app:1"))
          .as("%d of %d bytes", length, whole.length)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("saved.tar");
      assertThat(target).doesNotExist();
    }
  }

  @Test
  void open_namesThatLeadOutOfTheArchive_stayInIt() throws IOException {
    Path secret = Files.writeString(folder.resolve("secret"), "secret");
    String up = "../".repeat(12);
    for (String name : List.of(secret.toString(), up + secret, "link.tar", "chain.tar")) {
      save(
          Entry.symlink("link.tar", secret.toString()),
          Entry.symlink("chain.tar", up + "link.tar"),
          config(LOWER),
          manifest(name));
      assertThatThrownBy(() -> open("app:1"))
          .as(name)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("no " + name);
    }
  }

  @Test
  void open_linksInACircle_areNoFile() throws IOException {
    save(
        Entry.symlink("a.tar", "b.tar"),
        Entry.symlink("b.tar", "a.tar"),
        config(LOWER),
        manifest("a.tar"));
    assertThatThrownBy(() -> open("app:1")).hasMessageContaining("no a.tar");
  }

  @Test
  void check_ofACopyWhoseLayerIsAnother_saysSo() throws IOException {
    save(Entry.file("a.tar", UPPER.tar()), config(LOWER), manifest("a.tar"));
    copy("app:1");
    try (ImageSource copied = new Layout(target).open("1")) {
      assertThat(ImageCheck.of(copied, AMD).layers().getFirst().wrong())
          .singleElement()
          .asString()
          .contains("diff ID");
    }
  }

  @Test
  void open_listThatIsNoList_isRefused() throws IOException {
    for (String list : List.of("", "{}", "[", "[{}]", "null", "[{\"Layers\":[1]}]")) {
      save(Entry.file("manifest.json", list.getBytes(UTF_8)), config(LOWER));
      assertThatThrownBy(() -> open("app:1")).as(list).isInstanceOf(IOException.class);
    }
  }
}
