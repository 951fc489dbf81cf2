package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Blob;
import dev.asterism.estargz.Landmark;
import dev.asterism.estargz.TocEntry;
import dev.asterism.estargz.TocLimits;
import dev.asterism.estargz.TocLocator;
import dev.asterism.estargz.TocReader;
import dev.asterism.registry.Descriptor;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What was converted once and is converted again: into another repository, with options, and in a
/// version that has changed.
@Tag("kernel")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ReusedConversionTest {
  private static final byte[] BASE =
      Layer.of(Entry.file("base", RandomTrees.content(Seeds.generator(1), 300_000))).tar();

  private final Cleanup cleanup = Cleanup.open();
  private Path folder;
  private DockerRegistry registry;

  @BeforeEach
  void start() throws IOException, InterruptedException {
    Machine.requireRootAnd("docker-registry");
    ScratchFolder scratch = ScratchFolder.create("asterism-reused");
    cleanup.add(scratch::close);
    folder = scratch.path();
    registry = DockerRegistry.startWritable(folder.resolve("registry"));
    cleanup.add(registry::close);
  }

  @AfterEach
  void end() throws IOException {
    cleanup.close();
  }

  private List<String> convert(String from, String to, String... options)
      throws IOException, InterruptedException {
    Command command =
        Asterism.command("convert", "--temporary", folder.resolve("spools").toString())
            .with(options)
            .with(from, to)
            .withVariable("XDG_CACHE_HOME", folder.resolve("cache").toString());
    return command.runOrThrow().text().lines().map(line -> line.split(" ", -1)[0]).toList();
  }

  @Test
  void convert_secondVersionIntoAnotherRepository_mountsWhatIsConverted()
      throws IOException, InterruptedException {
    String first =
        PlainImage.write(folder.resolve("1"), BASE, Layer.of(Entry.file("app", "1")).tar());
    String second =
        PlainImage.write(folder.resolve("2"), BASE, Layer.of(Entry.file("app", "2")).tar());

    assertThat(convert(first, registry.reference("one:1")))
        .containsOnly("converted", "converted", lastWord(registry.reference("one:1")));
    List<String> words = convert(second, registry.reference("other/two:2"));

    assertThat(words).containsOnlyOnce("reused").containsOnlyOnce("converted");
    assertThat(registry.log()).contains("&from=one HTTP/1.1\" 201");
    assertThat(Asterism.command("check", registry.reference("other/two:2")).run().exitCode())
        .isZero();
    assertThat(convert(second, registry.reference("three:2"))).startsWith("reused", "reused");
  }

  @Test
  void convert_lazyImageWithOptions_isWrittenAsTheySay() throws IOException, InterruptedException {
    String lazy = registry.reference("lazy:1");
    convert(PlainImage.write(folder.resolve("1"), BASE), lazy);

    assertThat(convert(lazy, registry.reference("same:1"))).contains("present");
    for (String option :
        List.of("--level=1", "--chunk-size=100000", "--chunking=content", "--min-chunk-size=9")) {
      assertThat(convert(lazy, registry.reference("written:1"), option))
          .as(option)
          .contains("converted");
    }
    String chunked = registry.reference("chunked:1");
    convert(lazy, chunked, "--chunk-size=100000");
    assertThat(Asterism.command("get-toc-digest", "--dump-toc", chunked).runOrThrow().text())
        .contains("\"chunkOffset\" : 200000");
  }

  /// The second version has moved a file, renumbered another, lost a third, and put what was in one
  /// layer into two.
  @Test
  void optimize_ofAChangedVersion_putsFirstWhatTheRecordMeans()
      throws IOException, InterruptedException {
    Path opened = folder.resolve("opened");
    Path record = folder.resolve("record");
    Files.writeString(
        opened,
        """
        {"path":"opt/app/tool"}
        {"path":"usr/lib/libx.so.1"}
        {"path":"opt/lost"}
        {"path":"base"}
        """);
    String tool = "a tool of one content ".repeat(50);
    String first =
        PlainImage.write(
            folder.resolve("1"),
            BASE,
            Layer.of(
                    Entry.file("a/unread", "1"),
                    Entry.file("opt/app/tool", tool),
                    Entry.file("opt/lost", "will vanish"),
                    Entry.file("usr/lib/libx.so.1", "x of 1"))
                .tar());
    String second =
        PlainImage.write(
            folder.resolve("2"),
            BASE,
            Layer.of(Entry.file("a/unread", "2"), Entry.file("usr/lib/libx.so.2", "x of 2")).tar(),
            Layer.of(Entry.file("b/unread", "2"), Entry.file("srv/moved/tool", tool)).tar());
    Command optimize =
        Asterism.command("optimize", "--temporary", folder.resolve("spools").toString())
            .withVariable("XDG_CACHE_HOME", folder.resolve("cache").toString());
    optimize
        .with("--record-in", opened.toString(), "--record-out", record.toString())
        .with(first, registry.reference("app:1"))
        .runOrThrow();
    String image = registry.reference("app:2");

    Outcome made = optimize.with("--record-in", record.toString(), second, image).runOrThrow();

    assertThat(made.text()).contains("and 1 that are not in the image's layers");
    List<Descriptor> layers = Images.resolve(image).layers();
    assertThat(prefetched(image, layers.get(0))).containsExactly("base");
    assertThat(prefetched(image, layers.get(1))).containsExactly("usr/lib/libx.so.2");
    assertThat(prefetched(image, layers.get(2))).containsExactly("srv/moved/tool");
    assertThat(Asterism.command("check", image).run().exitCode()).isZero();
  }

  /// The files in front of a layer's landmark.
  private static List<String> prefetched(String image, Descriptor layer) throws IOException {
    List<String> names = new ArrayList<>();
    Blob blob = Images.blob(image, layer);
    TocReader.read(
        blob,
        TocLocator.locate(blob),
        TocLimits.DEFAULT,
        entry -> {
          if (entry instanceof TocEntry.RegularFile) {
            names.add(entry.name());
          }
        });
    return names.subList(0, names.indexOf(Landmark.PREFETCH));
  }

  /// The last line begins with the image's digest.
  private static String lastWord(String reference) throws IOException {
    return Images.resolve(reference).manifestDigest().toString();
  }
}
