package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.registry.Descriptor;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import dev.asterism.testkit.tree.TreeListing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A small image, converted with each of the options that change what is written: lazily under
/// Asterism, whole under containerd's overlayfs and through skopeo it is the image before.
///
/// All of them have one node. Each has content of its own, so that nothing of the one before is in
/// the store.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ConversionOptionsTest {
  private static final String TOCS = "-esgztoc";

  private final Cleanup cleanup = Cleanup.open();
  private Path folder;
  private TestRegistry source;
  private DockerRegistry pushed;
  private TestNode node;
  private TestLayer programs;

  @BeforeAll
  void start() throws IOException, InterruptedException {
    Machine.requireRootAnd(
        "containerd", "runc", "ctr-remote", "docker-registry", "skopeo", "ldd", "gzip");
    ScratchFolder scratch = ScratchFolder.create("asterism-options");
    cleanup.add(scratch::close);
    folder = scratch.path();
    source = TestRegistry.start();
    cleanup.add(source::close);
    pushed = DockerRegistry.startWritable(folder.resolve("registry"));
    cleanup.add(pushed::close);
    node = TestNode.start("no_background_fetch = true\n"); // what comes was asked for
    cleanup.add(node::close);
    programs = ConversionCase.programs();
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  static Stream<ConversionCase> cases() {
    return ConversionCase.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void convert_withOptions_isReadByEverybodyAsTheImageBefore(ConversionCase options)
      throws IOException, InterruptedException {
    String plain = options.serve(source, programs);
    String converted = pushed.reference("options:" + options.seed());
    Asterism.command("convert", "--rebuild")
        .with("--temporary", folder.resolve("spools").toString())
        .with(options.options().toArray(String[]::new))
        .with(plain, converted)
        .runOrThrow();
    node.pullWhole(plain);
    TreeListing before = visible(node.tree(TestNode.OVERLAYFS, plain));
    node.removeImage(plain); // so that nothing of it stands in for a layer of the same diff ID

    node.pull(converted);
    isPreparedAsItCanBe(options, converted);
    isTheImageBefore(TestNode.ASTERISM, converted, before, options);
    node.pullWhole(converted);
    isTheImageBefore(TestNode.OVERLAYFS, converted, before, options);
    node.removeImage(converted);
    isTakenBySkopeo(options, converted);
    assertThat(folder.resolve("spools")).isEmptyDirectory();
  }

  private void isPreparedAsItCanBe(ConversionCase options, String image) throws IOException {
    Map<String, Boolean> prepared = node.prepared();
    for (Descriptor layer : Images.resolve(image).layers()) {
      assertThat(prepared).containsEntry(layer.digest().toString(), options.isLazy());
    }
  }

  private void isTheImageBefore(
      String snapshotter, String image, TreeListing before, ConversionCase options)
      throws IOException, InterruptedException {
    assertThat(node.run(snapshotter, image, "sha256sum /data/large"))
        .startsWith(Digest.of(options.large()).hex());
    assertThat(visible(node.tree(snapshotter, image)).differenceFrom(before).toString()).isEmpty();
  }

  private static TreeListing visible(TreeListing tree) {
    return tree.filter(name -> !name.isEmpty() && !RealImage.OWN_FILES.contains(name))
        .roundedToSeconds();
  }

  /// Skopeo compares what it gets with every digest that it was promised.
  private void isTakenBySkopeo(ConversionCase options, String image)
      throws IOException, InterruptedException {
    String copy = "oci:" + folder.resolve("copy-" + options.seed()) + ":1";
    for (String suffix : options.hasTocsBeside() ? List.of("", TOCS) : List.of("")) {
      Command.of("skopeo", "copy", "--src-tls-verify=false")
          .with("docker://" + image + suffix, copy + suffix)
          .runOrThrow();
    }
    String found = Asterism.command("check", copy).runOrThrow().text();
    assertThat(found.lines().filter(line -> line.startsWith("layer "))).hasSize(3);
    if (options.isLazy()) {
      assertThat(found).doesNotContain("not lazy");
    }
  }
}
