package dev.asterism.cli.e2e;

import static dev.asterism.testkit.layer.Entry.charDevice;
import static dev.asterism.testkit.layer.Entry.dir;
import static dev.asterism.testkit.layer.Entry.file;
import static dev.asterism.testkit.layer.Entry.hardLink;
import static dev.asterism.testkit.layer.Entry.symlink;
import static dev.asterism.testkit.layer.Entry.whiteout;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.registry.Descriptor;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import dev.asterism.testkit.tree.TreeListing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
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
  private static final Pattern LIBRARY = Pattern.compile("(/\\S+) \\(0x");
  private static final int LARGE = 2_000_000; // bytes: several chunks of the smaller sizes
  private static final String TOCS = "-esgztoc";

  private final Cleanup cleanup = Cleanup.open();
  private Path folder;
  private TestRegistry source;
  private DockerRegistry pushed;
  private TestNode node;
  private TestLayer programs;

  /// @param seed of its content
  /// @param isLazy whether layers can be read in pieces then
  record Case(int seed, boolean isLazy, List<String> options) {
    boolean hasTocsBeside() {
      return options.contains("--external-toc") || options.contains("--keep-diff-id");
    }

    @Override
    public String toString() {
      return String.join(" ", options);
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case(1, true, List.of("--min-chunk-size=50000", "--chunk-size=100000")),
        new Case(2, true, List.of("--chunking=content", "--chunk-size=100000", "--oci")),
        new Case(3, true, List.of("--gzip-helper=gzip", "--encoder=zlib", "--level=9")),
        new Case(4, true, List.of("--zstdchunked")),
        new Case(5, true, List.of("--zstdchunked", "--chunking=content", "--chunk-size=100000")),
        new Case(6, true, List.of("--external-toc", "--min-chunk-size=50000")),
        new Case(7, true, List.of("--keep-diff-id", "--chunk-size=100000")),
        new Case(8, true, List.of("--keep-diff-id", "--chunking=content", "--gzip-helper=gzip")),
        new Case(9, false, List.of("--uncompress")));
  }

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
    programs = TestLayer.gzip(programs("sh", "sha256sum").tarGz());
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  /// A layer of programs of this machine and the libraries that they load.
  private static Layer programs(String... names) throws IOException, InterruptedException {
    TreeSet<String> libraries = new TreeSet<>();
    List<Entry> entries = new ArrayList<>(List.of(dir("bin")));
    TreeSet<String> folders = new TreeSet<>(); // each behind the one above
    for (String name : names) {
      Path program = Path.of("/usr/bin", name);
      entries.add(file("bin/" + name, Files.readAllBytes(program)).mode(0755));
      String loaded = Command.of("ldd", program.toString()).runOrThrow().text();
      LIBRARY.matcher(loaded).results().map(found -> found.group(1)).forEach(libraries::add);
    }
    for (String library : libraries) {
      for (int i = library.indexOf('/', 1); i > 0; i = library.indexOf('/', i + 1)) {
        folders.add(library.substring(1, i));
      }
    }
    folders.forEach(folder -> entries.add(dir(folder)));
    for (String library : libraries) {
      entries.add(file(library.substring(1), Files.readAllBytes(Path.of(library))).mode(0755));
    }
    return new Layer(entries);
  }

  private static Layer data(int seed, byte[] large) {
    List<Entry> entries =
        new ArrayList<>(
            List.of(
                dir("data").mode(0751).owner(1000, 1001),
                file("data/large", large),
                hardLink("data/same", "data/large"),
                symlink("data/link", "large"),
                charDevice("data/null", 1, 3),
                file("data/noted", "noted " + seed).xattr("user.note", "seed " + seed),
                file("data/special", "special " + seed).mode(04711),
                file("data/" + "n".repeat(150), "long name " + seed),
                file("data/empty", "")));
    for (int i = 0; i < 30; i++) {
      entries.add(file("data/small-" + i, "content %d %d ".formatted(seed, i).repeat(200)));
    }
    return new Layer(entries);
  }

  private String plain(int seed, byte[] large) {
    Layer top =
        Layer.of(
            dir("data").mode(0751).owner(1000, 1001),
            whiteout("data/small-3"),
            file("data/small-4", "changed " + seed));
    return source.reference(
        source.image(
            "options/plain",
            Integer.toString(seed),
            ImageConfig.running("/bin/sh"),
            List.of(
                programs, TestLayer.gzip(data(seed, large).tarGz()), TestLayer.gzip(top.tarGz()))));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void convert_withOptions_isReadByEverybodyAsTheImageBefore(Case options)
      throws IOException, InterruptedException {
    byte[] large = RandomTrees.content(Seeds.generator(options.seed()), LARGE);
    String plain = plain(options.seed(), large);
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
    isTheImageBefore(TestNode.ASTERISM, converted, before, large);
    node.pullWhole(converted);
    isTheImageBefore(TestNode.OVERLAYFS, converted, before, large);
    node.removeImage(converted);
    isTakenBySkopeo(options, converted);
    assertThat(folder.resolve("spools")).isEmptyDirectory();
  }

  private void isPreparedAsItCanBe(Case options, String image) throws IOException {
    Map<String, Boolean> prepared = node.prepared();
    for (Descriptor layer : Images.resolve(image).layers()) {
      assertThat(prepared).containsEntry(layer.digest().toString(), options.isLazy());
    }
  }

  private void isTheImageBefore(String snapshotter, String image, TreeListing before, byte[] large)
      throws IOException, InterruptedException {
    assertThat(node.run(snapshotter, image, "sha256sum /data/large"))
        .startsWith(Digest.of(large).hex());
    assertThat(visible(node.tree(snapshotter, image)).differenceFrom(before).toString()).isEmpty();
  }

  private static TreeListing visible(TreeListing tree) {
    return tree.filter(name -> !name.isEmpty() && !RealImage.OWN_FILES.contains(name))
        .roundedToSeconds();
  }

  /// Skopeo compares what it gets with every digest that it was promised.
  private void isTakenBySkopeo(Case options, String image)
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
