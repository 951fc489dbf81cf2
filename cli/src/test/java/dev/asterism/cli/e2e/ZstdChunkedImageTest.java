package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.tree.TreeListing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/// A Debian image whose layers skopeo made zstd:chunked, as podman and buildah do.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class ZstdChunkedImageTest {
  private static final Pattern PROCESS = Pattern.compile("by process (\\d+)");

  /// What Debian's packages say about their files; the removed ones left out.
  private static final String CHECK =
      "cat var/lib/dpkg/info/*.md5sums | md5sum --check --quiet --ignore-missing";

  private final Cleanup cleanup = Cleanup.open();
  private DockerRegistry source;
  private DockerRegistry pushed;
  private Path scratch;
  private String image;

  @BeforeAll
  void compress() throws IOException, InterruptedException {
    Path storage = RealImage.storage();
    ScratchFolder folder = ScratchFolder.create("asterism-zstd");
    cleanup.add(folder::close);
    scratch = folder.path();
    source = DockerRegistry.start(storage);
    cleanup.add(source::close);
    pushed = DockerRegistry.startWritable(scratch.resolve("registry"));
    cleanup.add(pushed::close);
    image = pushed.reference("tools:1-zstd");
    Command.of("skopeo", "copy", "--src-tls-verify=false", "--dest-tls-verify=false")
        .with("--dest-compress-format", "zstd:chunked", "--dest-compress-level", "1")
        .with("docker://" + source.reference(RealImage.PLAIN), "docker://" + image)
        .runOrThrow();
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  /// Skopeo 1.9 leaves out the zeros that tar writes behind an archive's end, and so does not keep
  /// what the config says.
  @Test
  void check_findsNothingWrongButDiffIds() throws IOException, InterruptedException {
    String text = Asterism.command("check", image).run().text();
    assertThat(text).contains("no landmark").doesNotContain("not lazy", "does not pin");
    assertThat(text.lines().filter(line -> line.contains("wrong:")))
        .allMatch(line -> line.contains("diff ID is"));
  }

  @Test
  void mount_thenOfTheSameInEstargz_showsItsFilesAndFetchesThemOnce()
      throws IOException, InterruptedException {
    Path root = scratch.resolve("root");
    long before = pushed.traffic().bytes();
    mounted(image, root);
    assertThat(pushed.traffic().bytes()).isGreaterThan(before);

    long estargz = source.traffic().bytes();
    String lazy = source.reference(RealImage.LAZY);
    mounted(lazy, root);

    assertThat(source.traffic().bytes() - estargz).isLessThan(Images.size(lazy) / 10);
  }

  @Test
  void convert_toZstdChunked_isReadByEverybody() throws IOException, InterruptedException {
    String plain = source.reference(RealImage.PLAIN);
    String ours = pushed.reference("tools:2-zstd");
    Asterism.command("convert", "--rebuild", "--zstdchunked", "--level", "1")
        .with("--temporary", scratch.resolve("spools").toString(), plain, ours)
        .runOrThrow();
    Command.of("skopeo", "copy", "--src-tls-verify=false")
        .with("docker://" + ours, "oci:" + scratch.resolve("skopeo") + ":1")
        .runOrThrow();
    String copy = "oci:" + scratch.resolve("skopeo") + ":1";
    assertThat(Asterism.command("check", copy).runOrThrow().text().lines())
        .hasSize(RealImage.LAYERS)
        .allMatch(line -> line.endsWith("good"));
    try (TestNode node = TestNode.start()) {
      node.pull(ours);
      assertThat(node.prepared()).hasSize(RealImage.LAYERS).doesNotContainValue(false);
      assertThat(node.run(TestNode.ASTERISM, ours, "file -b /bin/sh")).contains("symbolic link");
      node.pullWhole(ours);
      assertThat(node.run(TestNode.OVERLAYFS, ours, "file -b /bin/sh")).contains("symbolic link");
      node.pullWhole(plain);
      TreeListing before = node.tree(TestNode.OVERLAYFS, plain).roundedToSeconds();
      TreeListing after = node.tree(TestNode.ASTERISM, ours).roundedToSeconds();
      assertThat(
              after
                  .filter(name -> !name.isEmpty())
                  .differenceFrom(before.filter(name -> !name.isEmpty()))
                  .toString())
          .isEmpty();
    }
  }

  /// Mounts an image, reads all of its packages' files, and unmounts it.
  private void mounted(String reference, Path root) throws IOException, InterruptedException {
    Path mountpoint = Files.createTempDirectory(scratch, "image");
    String said =
        Asterism.command("mount", "--detach", "--root", root.toString())
            .with(reference, mountpoint.toString())
            .runOrThrow()
            .text();
    Matcher process = PROCESS.matcher(said);
    assertThat(process.find()).as(said).isTrue();
    ProcessHandle server = ProcessHandle.of(Long.parseLong(process.group(1))).orElseThrow();
    try {
      assertThat(Command.of("sh", "-c", CHECK).in(mountpoint).run().errorText()).isEmpty();
      assertThat(Command.of("find", ".", "-name", "*.md5sums").in(mountpoint).runOrThrow().text())
          .isNotEmpty();
    } finally {
      Asterism.command("unmount", mountpoint.toString()).run();
      server.onExit().orTimeout(60, TimeUnit.SECONDS).join();
    }
  }
}
