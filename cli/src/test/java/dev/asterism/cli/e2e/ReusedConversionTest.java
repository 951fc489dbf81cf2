package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What was converted once and is converted again: into another repository, and with options.
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

  /// The last line begins with the image's digest.
  private static String lastWord(String reference) throws IOException {
    return Images.resolve(reference).manifestDigest().toString();
  }
}
