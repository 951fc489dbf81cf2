package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.registry.Descriptor;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.tree.TreeListing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/// A Debian image that keeps its diff IDs: its TOCs lie in a second image beside it.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class ExternalTocImageTest {
  private final Cleanup cleanup = Cleanup.open();
  private ScratchFolder scratch;
  private TestNode node;
  private String plain;
  private String converted;

  @BeforeAll
  void convert() throws IOException, InterruptedException {
    Path storage = RealImage.storage();
    scratch = ScratchFolder.create("asterism-external");
    cleanup.add(scratch::close);
    DockerRegistry source = DockerRegistry.start(storage);
    cleanup.add(source::close);
    DockerRegistry pushed = DockerRegistry.startWritable(scratch.path().resolve("registry"));
    cleanup.add(pushed::close);
    plain = source.reference(RealImage.PLAIN);
    String first = pushed.reference("first:1");
    converted = pushed.reference("tools:1");
    Asterism.command("convert", "--rebuild", "--level", "1", "--estargz-external-toc")
        .with("--estargz-keep-diff-id", "--temporary", scratch.path().resolve("spools").toString())
        .with(plain, first)
        .runOrThrow();
    Asterism.command("copy", first, converted).runOrThrow();
    node = TestNode.start();
    cleanup.add(node::close);
    node.pull(converted);
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  @Test
  void pull_byContainerd_isLazyForEveryLayerAndRuns() throws IOException, InterruptedException {
    assertThat(node.prepared()).hasSize(RealImage.LAYERS).doesNotContainValue(false);
    assertThat(node.run(TestNode.ASTERISM, converted, "file -b /bin/sh; less --version"))
        .contains("symbolic link", "less");
  }

  /// No landmark is in them, and `ctr-remote` writes a label that says 10 MiB.
  @Test
  void pull_layersThatSayNothing_prefetchesAsMuchAsTheirLabelSays()
      throws IOException, InterruptedException {
    for (Descriptor layer : Images.resolve(converted).layers()) {
      String size = "\"prefetch_size\":\"%d\"".formatted(Math.min(10L << 20, layer.size()));
      NodeBehindLink.await(() ->
          node.log()
              .lines()
              .anyMatch(line -> line.contains(size) && line.contains(layer.digest().toString())));
    }
  }

  @Test
  void pull_wholeByContainerd_runs() throws IOException, InterruptedException {
    node.pullWhole(converted);
    assertThat(node.run(TestNode.OVERLAYFS, converted, "file -b /bin/sh; less --version"))
        .contains("symbolic link", "less");
  }

  @Test
  void diffIds_all_areThoseOfTheImageBefore() throws IOException {
    assertThat(Images.chainId(converted)).isEqualTo(Images.chainId(plain));
  }

  @Test
  void tree_underAsterism_isThatOfTheImageBefore() throws IOException, InterruptedException {
    node.pullWhole(plain);
    TreeListing before = node.tree(TestNode.OVERLAYFS, plain).roundedToSeconds();
    TreeListing after = node.tree(TestNode.ASTERISM, converted).roundedToSeconds();
    assertThat(
            after
                .filter(name -> !name.isEmpty())
                .differenceFrom(before.filter(name -> !name.isEmpty()))
                .toString())
        .isEmpty();
  }

  @Test
  void check_ofWhatSkopeoCopied_findsNothingWrong() throws IOException, InterruptedException {
    String copy = "oci:" + scratch.path().resolve("skopeo");
    for (String suffix : new String[] {"", "-esgztoc"}) {
      Command.of("skopeo", "copy", "--src-tls-verify=false")
          .with("docker://" + converted + suffix, copy + ":1" + suffix)
          .runOrThrow();
    }
    assertThat(Asterism.command("check", copy + ":1").runOrThrow().text())
        .contains("no landmark")
        .doesNotContain("not lazy");
    assertThat(Asterism.command("inspect", converted).runOrThrow().text())
        .contains("TOC")
        .doesNotContain("no TOC");
  }
}
