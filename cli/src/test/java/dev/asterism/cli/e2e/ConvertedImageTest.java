package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.tree.TreeListing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/// A Debian image that `asterism convert` made and pushed, read by everybody: lazily under
/// Asterism, whole under containerd's overlayfs, by skopeo and podman, and by Go's `ctr-remote`.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class ConvertedImageTest {
  private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");

  private final Cleanup cleanup = Cleanup.open();
  private ScratchFolder scratch;
  private DockerRegistry pushed;
  private TestNode node;
  private String plain;
  private String converted;

  @BeforeAll
  void convert() throws IOException, InterruptedException {
    Path storage = RealImage.storage();
    scratch = ScratchFolder.create("asterism-converted");
    cleanup.add(scratch::close);
    DockerRegistry source = DockerRegistry.start(storage);
    cleanup.add(source::close);
    pushed = DockerRegistry.startWritable(scratch.path().resolve("registry"));
    cleanup.add(pushed::close);
    plain = source.reference(RealImage.PLAIN);
    converted = pushed.reference("tools:1");
    convert(plain, converted);
    node = TestNode.start();
    cleanup.add(node::close);
    node.pull(converted);
  }

  private void convert(String from, String to) throws IOException, InterruptedException {
    Asterism.command("convert", "--rebuild", "--json", "--level", "1")
        .with("--temporary", scratch.path().resolve("spools").toString(), from, to)
        .runOrThrow();
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  @Test
  void pull_byContainerd_isLazyForEveryLayer() throws IOException {
    assertThat(node.prepared()).hasSize(RealImage.LAYERS).doesNotContainValue(false);
  }

  @Test
  void tree_underAsterism_isThatOfTheImageBefore() throws IOException, InterruptedException {
    node.pullWhole(plain);
    TreeListing before = node.tree(TestNode.OVERLAYFS, plain).roundedToSeconds();
    TreeListing after = node.tree(TestNode.ASTERISM, converted).roundedToSeconds();
    assertThat(
            after
                .filter(ConvertedImageTest::isNamed)
                .differenceFrom(before.filter(ConvertedImageTest::isNamed))
                .toString())
        .isEmpty();
  }

  @Test
  void tree_pulledWhole_isThatOfTheImageBeforeAndTheFormatsOwnFiles()
      throws IOException, InterruptedException {
    node.pullWhole(plain);
    node.pullWhole(converted);
    TreeListing before = node.tree(TestNode.OVERLAYFS, plain).filter(this::isImage);
    TreeListing after = node.tree(TestNode.OVERLAYFS, converted).filter(this::isImage);
    assertThat(after.differenceFrom(before).toString()).isEmpty();
  }

  /// The root has no entry: its time is that of the unpacking.
  private static boolean isNamed(String name) {
    return !name.isEmpty();
  }

  private boolean isImage(String name) {
    return !RealImage.OWN_FILES.contains(name) && !name.isEmpty();
  }

  @Test
  void run_inAContainer_works() throws IOException, InterruptedException {
    assertThat(node.run(TestNode.ASTERISM, converted, "file -b /bin/sh; less --version"))
        .contains("symbolic link", "less");
  }

  @Test
  void copy_bySkopeo_takesItAndCountsItsBytes() throws IOException, InterruptedException {
    Path copy = scratch.path().resolve("skopeo");
    Command.of("skopeo", "copy", "--src-tls-verify=false")
        .with("docker://" + converted, "oci:" + copy + ":1")
        .runOrThrow();
    Outcome check = Asterism.command("check", "oci:" + copy + ":1").runOrThrow();
    assertThat(check.text().lines()).hasSize(RealImage.LAYERS).allMatch(l -> l.endsWith("good"));
  }

  /// Into a store of its own: containers/storage uses the TOC's digest of such a layer only where
  /// it is told to, so here it unpacks the tar.
  @Test
  void pull_byPodman_takesItWhole() throws IOException, InterruptedException {
    Machine.requireRootAnd("podman");
    Path run = Files.createTempDirectory(Path.of("/run"), "podman"); // of 50 characters at most
    try (ScratchFolder home = ScratchFolder.create("podman")) {
      Command podman =
          Command.of("podman", "--root", home.path().resolve("root").toString())
              .with("--runroot", run.toString())
              .with("--storage-driver", "overlay"); // vfs copies the whole tree for each layer
      podman.with("pull", "--quiet", "--tls-verify=false", converted).runOrThrow();
      String mounted = podman.with("image", "mount", converted).runOrThrow().text().strip();
      TreeListing after = TreeListing.of(Path.of(mounted)).filter(this::isImage);
      podman.with("image", "unmount", converted).runOrThrow();
      node.pullWhole(plain);
      TreeListing before = node.tree(TestNode.OVERLAYFS, plain).filter(this::isImage);
      assertThat(after.differenceFrom(before).toString()).isEmpty();
    } finally {
      ScratchFolder.unmountBelow(run);
      Command.of("rm", "-rf", "--one-file-system", run.toString()).runOrThrow();
    }
  }

  @Test
  void tocDigests_byCtrRemote_areOurs() throws IOException, InterruptedException {
    node.containerd().ctr("content", "fetch", "--plain-http", converted).runOrThrow();
    List<String> lines =
        Asterism.command("get-toc-digest", converted).runOrThrow().text().lines().toList();
    assertThat(lines).hasSize(RealImage.LAYERS);
    for (String line : lines) {
      List<String> digests = DIGEST.matcher(line).results().map(MatchResult::group).toList();
      String theirs =
          node.containerd()
              .ctrRemote("images", "get-toc-digest", digests.getFirst())
              .runOrThrow()
              .text();
      assertThat(theirs.strip()).isEqualTo(digests.getLast());
    }
    List<String> one = DIGEST.matcher(lines.getLast()).results().map(MatchResult::group).toList();
    assertThat(ofLayer(one.getFirst()).strip()).isEqualTo(one.getLast());
    assertThat(ofLayer("--dump-toc", one.getFirst()))
        .contains("\"entries\" : [ {", "\"chunkDigest\" : \"sha256:");
    Outcome other =
        Asterism.command("get-toc-digest", "--zstdchunked", "--platform", "linux/amd64")
            .with("--platform", "linux/arm64", converted)
            .run();
    assertThat(other.exitCode()).isEqualTo(2);
    assertThat(Asterism.command("get-toc-digest", "--zstdchunked", converted).run().errorText())
        .contains("is not zstd:chunked");
  }

  private String ofLayer(String... words) throws IOException, InterruptedException {
    return Asterism.command("get-toc-digest")
        .with("--containerd-address", node.containerd().socket().toString())
        .with(words)
        .runOrThrow()
        .text();
  }

  @Test
  void convert_againAndInflatedByGzip_givesTheSameImageAndLeavesNothing()
      throws IOException, InterruptedException {
    String piped = pushed.reference("piped:1");
    convertThrough("gzip", piped).runOrThrow();
    assertThat(Images.resolve(piped).manifestDigest())
        .isEqualTo(Images.resolve(converted).manifestDigest());
    assertThat(scratch.path().resolve("spools")).isEmptyDirectory();
  }

  @Test
  void convert_helperThatIsNotThere_isRefused() throws IOException, InterruptedException {
    Outcome refused = convertThrough("no-such-gzip", pushed.reference("refused:1")).run();
    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.errorText()).contains("--gzip-helper", "no-such-gzip");
    assertThat(refused.text()).isEmpty();
  }

  @Test
  void convert_killed_leavesNoHelper() throws IOException, InterruptedException {
    Path slow = scratch.path().resolve("slow");
    Path started = scratch.path().resolve("started");
    Files.writeString(slow, "#!/bin/sh\necho $$ > %s; dd bs=1 | gzip -d -c\n".formatted(started));
    assertThat(slow.toFile().setExecutable(true)).isTrue();
    Process process =
        convertThrough(slow.toString(), pushed.reference("killed:1"))
            .builder()
            .redirectErrorStream(true)
            .redirectOutput(scratch.path().resolve("output").toFile())
            .start();
    while (process.isAlive() && !(Files.exists(started) && Files.size(started) > 0)) {
      boolean _ = process.waitFor(5, TimeUnit.MILLISECONDS);
    }
    ProcessHandle helper =
        ProcessHandle.of(Long.parseLong(Files.readString(started).strip())).orElseThrow();
    process.destroyForcibly().waitFor();
    helper.onExit().join(); // the test's own time limit ends this
    assertThat(helper.isAlive()).isFalse();
  }

  private Command convertThrough(String helper, String to) {
    return Asterism.command("convert", "--rebuild", "--level", "1")
        .with("--estargz-gzip-helper", helper)
        .with("--temporary", scratch.path().resolve("spools").toString(), plain, to);
  }
}
