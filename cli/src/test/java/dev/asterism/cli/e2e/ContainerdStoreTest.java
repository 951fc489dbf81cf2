package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.registry.Descriptor;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/// Images that go into containerd's content store and come out of it, and lazy pulls without
/// `ctr-remote`.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class ContainerdStoreTest {
  private static final String WORKLOAD = "file -b /bin/sh; less --version";

  private final Cleanup cleanup = Cleanup.open();
  private ScratchFolder scratch;
  private DockerRegistry source;
  private DockerRegistry pushed;
  private TestNode node;
  private String plain;

  @BeforeAll
  void start() throws IOException, InterruptedException {
    Path storage = RealImage.storage();
    scratch = ScratchFolder.create("asterism-store");
    cleanup.add(scratch::close);
    source = DockerRegistry.start(storage);
    cleanup.add(source::close);
    pushed = DockerRegistry.startWritable(scratch.path().resolve("registry"));
    cleanup.add(pushed::close);
    plain = source.reference(RealImage.PLAIN);
    node = TestNode.start();
    cleanup.add(node::close);
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  private Command asterism(String... words) {
    return Asterism.command(words)
        .with("--containerd-address", node.containerd().socket().toString())
        .with("--temporary", scratch.path().resolve("spools").toString());
  }

  private String images() throws IOException, InterruptedException {
    return node.containerd().ctr("images", "ls").runOrThrow().text();
  }

  @Test
  void convert_intoTheStoreAndOut_isWholeAfterACollectionAndRuns()
      throws IOException, InterruptedException {
    String stored = "store.example/tools:1";
    asterism(
            "convert", "--rebuild", "--level", "1", "--external-toc", plain, "containerd:" + stored)
        .runOrThrow();
    node.collectGarbage();

    assertThat(images()).contains(stored + " ").contains(stored + "-esgztoc ");
    assertThat(node.containerd().ctr("content", "ls").runOrThrow().text().lines())
        .filteredOn(line -> line.contains("containerd.io/uncompressed=sha256:"))
        .hasSizeGreaterThanOrEqualTo(RealImage.LAYERS);
    assertThat(node.containerd().ctr("leases", "ls", "-q").runOrThrow().text()).isBlank();
    assertThat(node.containerd().ctr("images", "check", "name==" + stored).runOrThrow().text())
        .contains("complete");
    assertThat(asterism("check", "containerd:" + stored).runOrThrow().text().lines())
        .hasSize(RealImage.LAYERS)
        .allMatch(line -> line.endsWith("good"));
    assertThat(node.run(TestNode.OVERLAYFS, stored, WORKLOAD)).contains("symbolic link", "less");

    String out = pushed.reference("tools:1");
    asterism("push", "containerd:" + stored, out).runOrThrow();
    List<Descriptor> layers = Images.resolve(out).layers();
    assertThat(layers).hasSize(RealImage.LAYERS);
    assertThat(Images.resolve(out + "-esgztoc").layers()).hasSize(RealImage.LAYERS);
    asterism("optimize", "--no-optimize", "--reuse", out, "containerd:" + stored).runOrThrow();
    node.collectGarbage();
    assertThat(node.containerd().ctr("images", "check", "name==" + stored).runOrThrow().text())
        .contains("complete");
  }

  @Test
  void copy_ofWhatIsNotThere_leavesNothingInTheStore() throws IOException, InterruptedException {
    Outcome outcome =
        asterism("copy", source.reference("none:1"), "containerd:store.example/none:1").run();
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(images()).doesNotContain("store.example/none");
    assertThat(node.containerd().ctr("leases", "ls", "-q").runOrThrow().text()).isBlank();
    Outcome unknown = asterism("check", "containerd:store.example/none:1").run();
    assertThat(unknown.errorText()).contains("has no image store.example/none:1");
  }

  @Test
  void rpull_ofALazyImage_runsWithoutItsContent() throws IOException, InterruptedException {
    String lazy = source.reference(RealImage.LAZY);
    Outcome outcome = asterism("rpull", "--label", "kind=test", lazy).runOrThrow();
    assertThat(outcome.text().lines().filter(line -> line.startsWith("lazy")))
        .hasSize(RealImage.LAYERS);
    node.collectGarbage();
    assertThat(images()).contains(lazy + " ").contains("kind=test");
    assertThat(node.run(TestNode.ASTERISM, lazy, WORKLOAD)).contains("symbolic link", "less");
    assertThat(snapshotLabels(lazy))
        .contains("stargz.reference", "stargz.digest", lazy)
        .doesNotContain("cri.");
    Outcome incomplete = asterism("push", "containerd:" + lazy, pushed.reference("no:1")).run();
    assertThat(incomplete.errorText()).contains("pulled").contains("lazily");
    node.removeImage(lazy);
    assertThat(node.content("snapshots")).isEmpty();
  }

  @Test
  void rpull_inContainerdsWords_isUnderstood() throws IOException, InterruptedException {
    String lazy = source.reference(RealImage.LAZY);
    Outcome outcome = asterism("rpull", "--use-containerd-labels", lazy).runOrThrow();
    assertThat(outcome.text().lines().filter(line -> line.startsWith("lazy")))
        .hasSize(RealImage.LAYERS);
    assertThat(snapshotLabels(lazy))
        .contains("cri.image-ref", "cri.layer-digest", "cri.manifest-digest", lazy)
        .doesNotContain("stargz.reference");
    node.removeImage(lazy);
    assertThat(node.content("snapshots")).isEmpty();
  }

  /// What containerd knows of an image's topmost snapshot.
  private String snapshotLabels(String image) throws IOException, InterruptedException {
    return node.snapshots("info", Images.chainId(image)).runOrThrow().text();
  }

  @Test
  void rpull_ofAnOrdinaryImage_unpacksIt() throws IOException, InterruptedException {
    Outcome outcome = asterism("rpull", "--snapshotter", TestNode.OVERLAYFS, plain).runOrThrow();
    assertThat(outcome.text().lines().filter(line -> line.startsWith("unpacked")))
        .hasSize(RealImage.LAYERS);
    node.collectGarbage();
    assertThat(node.run(TestNode.OVERLAYFS, plain, WORKLOAD)).contains("symbolic link", "less");
  }
}
