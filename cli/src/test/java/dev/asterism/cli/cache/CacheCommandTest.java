package dev.asterism.cli.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

final class CacheCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

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

  private int run(String... words) {
    CommandLine commands = new CommandLine(new CacheCommand());
    commands.setOut(new PrintWriter(out, true));
    commands.setErr(new PrintWriter(err, true));
    return commands.execute(words);
  }

  private int runHere(String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--root", root.toString()));
    return run(all.toArray(String[]::new));
  }

  /// Returns the names and values of a document, one a line, as `a.b.0.c=value`.
  private List<String> flattened() {
    List<String> lines = new ArrayList<>();
    try (JsonParser json =
        JsonFactory.builder().build().createParser(ObjectReadContext.empty(), out.toString())) {
      for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
        if (token.isScalarValue()) {
          lines.add(
              json.streamReadContext()
                      .pathAsPointer(false)
                      .toString()
                      .substring(1)
                      .replace("~1", "/")
                  + "="
                  + json.getString());
        }
      }
    }
    return lines;
  }

  static Stream<String> subcommands() {
    return new CommandLine(new CacheCommand()).getSubcommands().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("subcommands")
  void help_everySubcommand_saysHowToUseIt(String subcommand) {
    assertThat(run(subcommand, "--help")).isZero();
    assertThat(out.toString()).contains("Usage: cache " + subcommand);
  }

  @Test
  void cache_alone_isWrongUsage() {
    assertThat(run()).isEqualTo(2);
    assertThat(err.toString()).contains("Usage: cache");
  }

  @Test
  void ls_ofImages_isATable() {
    assertThat(runHere("ls")).isZero();
    assertThat(out.toString())
        .startsWith(
            """
            IMAGE                           LAYERS   ON DISK   UNIQUE    SHARED  REMOVING FREES  SHARED WITH
            r/job:1                              2  188.4 kB  12.3 kB  176.1 kB         \
            """)
        .contains("r/web:1 (176.1 kB) and 1 more")
        .contains("(no image) sha256:" + TestRoot.STRAY.hex().substring(0, 12));
  }

  @Test
  void ls_ofAnImage_listsItsLayersFromBelow() {
    assertThat(runHere("ls", "r/web:1")).isZero();
    assertThat(out.toString().lines().map(line -> line.split(" ", 2)[0]))
        .containsExactly(
            "LAYER",
            "sha256:" + TestRoot.BASE.hex().substring(0, 12),
            "sha256:" + TestRoot.WEB.hex().substring(0, 12));
  }

  @Test
  void ls_asJson_hasEveryFigureInBytes() {
    assertThat(runHere("ls", "--json")).isZero();
    assertThat(flattened())
        .contains(
            "images/0/image=r/job:1",
            "images/0/layers/0=" + TestRoot.BASE,
            "images/0/files=4",
            "images/0/size=180000",
            "images/0/stored=188416",
            "images/0/unique/stored=12288",
            "images/0/shared/stored=176128",
            "images/0/linked=180000",
            "images/0/sharedWith/0/name=r/web:1",
            "images/0/sharedWith/0/stored=176128",
            "layersWithoutImage/0/layer=" + TestRoot.STRAY);
  }

  @Test
  void stats_asJson_hasTheTotals() {
    assertThat(runHere("stats", "--json")).isZero();
    assertThat(flattened())
        .contains(
            "root=" + root,
            "imageCount=2",
            "layerCount=4",
            "content/files=6",
            "content/size=215000",
            "objects/files=6",
            "linkCount=8",
            "saved=" + (102_400 + 20_480),
            "unused/files=0");
  }

  @Test
  void export_ofAStore_hasEveryCombinationOfLayers() {
    assertThat(runHere("export", "--json")).isZero();
    assertThat(flattened())
        .contains("version=1", "imageCount=2", "images/1/image=r/web:1")
        .filteredOn(line -> line.matches("groups/\\d+/files=.*"))
        .hasSize(6);
  }
}
