package dev.asterism.cli.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.cache.report.Amount;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StoreContentTest {
  @TempDir private Path root;
  private TestRoot store;

  @BeforeEach
  void open() throws Exception {
    store = new TestRoot(root);
  }

  @AfterEach
  void close() throws IOException {
    store.close();
  }

  private StoreContent content() throws IOException {
    return StoreContent.read(root, _ -> {});
  }

  private Holding image(String name) throws IOException {
    return content().byImage().holdings().stream()
        .filter(holding -> holding.holder().name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void byImage_baseAndFileInCommon_areSharedAndTheRestUnique() throws IOException {
    Holding web = image("r/web:1");

    assertThat(web.content()).isEqualTo(new Amount(4, 200_000, 102_400 + 53_248 + 32_768 + 20_480));
    assertThat(web.unique()).isEqualTo(new Amount(1, 30_000, 32_768));
    assertThat(web.shared()).isEqualTo(new Amount(3, 170_000, 102_400 + 53_248 + 20_480));
    assertThat(web.sharedWith())
        .containsExactly(
            new Holding.Common("r/job:1", new Amount(3, 170_000, 102_400 + 53_248 + 20_480)),
            new Holding.Common(TestRoot.STRAY.toString(), new Amount(1, 100_000, 102_400)));
  }

  @Test
  void byImage_layerOfNoImage_isListedByItself() throws IOException {
    assertThat(content().byImage().holdings())
        .extracting(holding -> holding.holder().name())
        .containsExactly("r/job:1", "r/web:1", TestRoot.STRAY.toString());
    assertThat(image(TestRoot.STRAY.toString()).unique()).isEqualTo(new Amount(1, 5_000, 8_192));
  }

  @Test
  void byLayer_groups_addUpToTheContent() throws IOException {
    StoreContent content = content();

    assertThat(
            content.byLayer().groups().stream()
                .map(group -> group.amount())
                .reduce(Amount.NONE, Amount::plus))
        .isEqualTo(content.survey().content());
  }

  @Test
  void frees_imageThatIsReallyRemoved_isWhatTheDiskGetsBack() throws Exception {
    for (String name : List.of("r/web:1", TestRoot.STRAY.toString(), "r/job:1")) {
      Holding holding = image(name);
      long before = allocated();

      remove(holding.holder().layers());

      assertThat(before - allocated()).as(name).isEqualTo(holding.frees());
    }
    assertThat(content().survey().content()).isEqualTo(Amount.NONE);
  }

  /// What the daemon does when the snapshots of an image go, and then a cleaning: only layers that
  /// no other image has, and files that no layer holds.
  private void remove(List<Digest> layers) throws Exception {
    List<Digest> kept = new ArrayList<>();
    content().byImage().holdings().stream()
        .filter(other -> !other.holder().layers().equals(layers))
        .forEach(other -> kept.addAll(other.holder().layers()));
    for (Digest layer : layers) {
      if (!kept.contains(layer)) {
        store.cache.removeLayer(layer);
        delete(root.resolve("layers").resolve(layer.hex()));
        forget(layer);
      }
    }
    List<Path> unused = new ArrayList<>();
    try (Stream<Path> files = Files.walk(root.resolve("cache/objects"))) {
      files.filter(Files::isRegularFile).forEach(unused::add);
    }
    for (Path file : unused) {
      Path fresh =
          root.resolve("cache/fresh").resolve(root.resolve("cache/objects").relativize(file));
      if ((int) Files.getAttribute(file, "unix:nlink") == (Files.exists(fresh) ? 2 : 1)) {
        Files.delete(file);
        Files.deleteIfExists(fresh);
      }
    }
  }

  private void forget(Digest layer) throws Exception {
    try (var connection =
            java.sql.DriverManager.getConnection("jdbc:sqlite:" + root.resolve("metadata.db"));
        var statement = connection.createStatement()) {
      statement.execute(
          "DELETE FROM snapshots WHERE id IN (SELECT snapshot FROM layers WHERE digest = '%s')"
              .formatted(layer));
    }
  }

  private static void delete(Path tree) throws IOException {
    if (Files.exists(tree)) {
      try (Stream<Path> files = Files.walk(tree)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private long allocated() throws IOException {
    Process du =
        new ProcessBuilder(
                "du",
                "-sc",
                "--block-size=1",
                "--exclude=links.*", // what is written now and then, whatever is removed
                "--exclude=scrub*",
                root + "/cache",
                root.resolve("layers").toString())
            .redirectErrorStream(true)
            .start();
    String text = new String(du.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return Long.parseLong(text.lines().toList().getLast().split("\t", 2)[0]);
  }

  @Test
  void read_noStore_saysWhatRootIs(@TempDir Path elsewhere) {
    assertThatThrownBy(() -> StoreContent.read(elsewhere, _ -> {}))
        .hasMessage("no store in %s: --root names the daemon's root directory", elsewhere);
  }
}
