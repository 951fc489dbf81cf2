package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.testkit.containerd.PrivateContainerd;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Daemon;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.TestRegistry;
import dev.asterism.testkit.tree.TreeListing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Images that Asterism made, read lazily by the Go stargz snapshotter.
///
/// Debian has no package of its daemon, so it runs only where the property `stargz.snapshotter` is
/// the path of a `containerd-stargz-grpc`: `./dev test -pl cli -am -Dexcluded.tags=
/// -Dstargz.snapshotter=PATH -Dtest=GoSnapshotterTest -Dsurefire.failIfNoSpecifiedTests=false`.
@Tag("kernel")
@Tag("stargz")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class GoSnapshotterTest {
  private static final String STARGZ = "stargz";
  private static final Pattern LAZY = Pattern.compile("\"remote-snapshot-prepared\":\"true\"");
  private static final Pattern FAILED = Pattern.compile("\"remote-snapshot-prepared\":\"false\"");
  private static final String KEPT = "containerd.io/gc.root=test";

  private final Cleanup cleanup = Cleanup.open();
  private Path folder;
  private String plain;
  private DockerRegistry pushed;
  private PrivateContainerd containerd;

  @BeforeEach
  void start() throws IOException, InterruptedException {
    String binary = System.getProperty("stargz.snapshotter");
    assertThat(binary).as("property stargz.snapshotter").isNotNull();
    Path storage = RealImage.storage();
    ScratchFolder scratch = ScratchFolder.create("asterism-go");
    cleanup.add(scratch::close);
    folder = scratch.path();
    DockerRegistry source = DockerRegistry.start(storage);
    cleanup.add(source::close);
    pushed = DockerRegistry.startWritable(folder.resolve("registry"));
    cleanup.add(pushed::close);
    plain = source.reference(RealImage.PLAIN);
    Path config = Files.writeString(folder.resolve("stargz.toml"), "no_background_fetch = true\n");
    Path socket = folder.resolve("stargz.sock");
    Daemon daemon =
        Daemon.start(
            Command.of(binary, "--address", socket.toString(), "--config", config.toString())
                .with("--root", folder.resolve("stargz").toString(), "--log-level", "debug"),
            socket,
            log());
    cleanup.add(daemon::close);
    containerd = PrivateContainerd.start(folder.resolve("containerd"), Map.of(STARGZ, socket));
    cleanup.add(containerd::close);
  }

  @AfterEach
  void end() throws IOException {
    cleanup.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "convert --level 1",
        "convert --chunk-size 65536 --chunking content",
        "convert --level 9 --min-chunk-size 1048576",
        "convert --encoder zlib --oci",
        "convert --external-toc",
        "convert --keep-diff-id",
        "convert --zstdchunked",
        "convert --zstdchunked --chunk-size 65536 --chunking content",
        "optimize --entrypoint [\"file\",\"-b\",\"/bin/sh\"]",
        "optimize --zstdchunked --entrypoint [\"file\",\"-b\",\"/bin/sh\"]",
      })
  void image_ofEveryFormat_isLazyAndWhole(String how) throws IOException, InterruptedException {
    String image = pushed.reference("tools:1");
    make(image, plain, how.split(" "));

    isLazy(image, RealImage.LAYERS);
    assertThat(run(image, "file -b /bin/sh; less -V")).contains("symbolic link", "less");
    isWhole(image, plain);
  }

  static Stream<ConversionCase> lazyOptions() {
    return ConversionCase.all().filter(ConversionCase::isLazy);
  }

  @ParameterizedTest
  @MethodSource("lazyOptions")
  void image_ofEveryOption_isLazyAndWhole(ConversionCase options)
      throws IOException, InterruptedException {
    try (TestRegistry small = TestRegistry.start()) {
      String before = options.serve(small, ConversionCase.programs());
      String image = pushed.reference("options:1");
      List<String> words = new ArrayList<>(List.of("convert", "--rebuild"));
      words.addAll(options.options());
      make(image, before, words.toArray(String[]::new));

      isLazy(image, 3);
      assertThat(run(image, "sha256sum /data/large")).startsWith(Digest.of(options.large()).hex());
      isWhole(image, before);
    }
  }

  private void make(String image, String from, String... words)
      throws IOException, InterruptedException {
    Asterism.command(words)
        .with("--temporary", folder.resolve("spools").toString(), from, image)
        .runOrThrow();
  }

  /// Pulls an image, of which every layer is read in pieces.
  private void isLazy(String image, int layers) throws IOException, InterruptedException {
    containerd
        .ctrRemote("image", "rpull", "--plain-http", "--snapshotter", STARGZ, image)
        .runOrThrow();
    String log = Files.readString(log());
    assertThat(LAZY.matcher(log).results().count()).as(log).isEqualTo(layers);
    assertThat(FAILED.matcher(log).results().count()).as(log).isZero();
  }

  private String run(String image, String script) throws IOException, InterruptedException {
    return containerd
        .run(STARGZ, List.of("--rm"), image, "one", "sh", "-ec", script)
        .runOrThrow()
        .text();
  }

  /// Compares every file with the image before.
  private void isWhole(String image, String before) throws IOException, InterruptedException {
    containerd.ctr("images", "pull", "--plain-http", before).runOrThrow();
    TreeListing expected = tree("overlayfs", before).roundedToSeconds();
    TreeListing actual = tree(STARGZ, image).roundedToSeconds();
    assertThat(actual.differenceFrom(expected).toString()).isEmpty();
  }

  private TreeListing tree(String snapshotter, String image)
      throws IOException, InterruptedException {
    Command snapshots = containerd.ctr("snapshots", "--snapshotter", snapshotter);
    String key = view(snapshots, Images.chainId(image));
    Path there = Files.createDirectory(folder.resolve("tree-" + snapshotter));
    Command.of("sh", "-c", snapshots.with("mounts", there.toString(), key).runOrThrow().text())
        .runOrThrow();
    try {
      return TreeListing.of(there)
          .filter(name -> !name.isEmpty() && !RealImage.OWN_FILES.contains(name));
    } finally {
      ScratchFolder.unmountBelow(there);
    }
  }

  /// Makes a view that stays: one may be collected before it carries the label.
  private static String view(Command snapshots, String top)
      throws IOException, InterruptedException {
    for (int i = 1; ; i++) {
      String key = "view" + i;
      snapshots.with("view", key, top).runOrThrow();
      Outcome kept = snapshots.with("label", key, KEPT).run();
      if (kept.exitCode() == 0) {
        return key;
      }
    }
  }

  private Path log() {
    return folder.resolve("stargz.log");
  }
}
