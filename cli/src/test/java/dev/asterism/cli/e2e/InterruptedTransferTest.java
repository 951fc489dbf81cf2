package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.containerd.ContainerdAddress;
import dev.asterism.containerd.ContainerdStore;
import dev.asterism.content.Digest;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.images.Converter;
import dev.asterism.images.FileOrder;
import dev.asterism.images.ImageLocation;
import dev.asterism.images.ImagePlaces;
import dev.asterism.images.ImageSink;
import dev.asterism.images.ImageSource;
import dev.asterism.images.Inflation;
import dev.asterism.images.Platforms;
import dev.asterism.images.TransferListener;
import dev.asterism.images.TransferOptions;
import dev.asterism.registry.Credentials;
import dev.asterism.registry.Hosts;
import dev.asterism.registry.RegistryClient;
import dev.asterism.registry.RequestPolicy;
import dev.asterism.testkit.containerd.PrivateContainerd;
import dev.asterism.testkit.image.HostPrograms;
import dev.asterism.testkit.layer.BadTar;
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
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Transfers that end in the middle of a blob: by a signal or a layer that can't be read, which
/// leave nothing, and by SIGKILL.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class InterruptedTransferTest {
  private static final int SIZE = 96 << 20; // 96 MiB: a second, and several chunks
  private static final int MIB = 1 << 20;

  private final Cleanup cleanup = Cleanup.open();
  private Path folder;
  private Path storage;
  private DockerRegistry registry;
  private PrivateContainerd containerd;
  private String image;

  @BeforeAll
  void start() throws IOException, InterruptedException {
    Machine.requireRootAnd("docker-registry", "containerd", "runc");
    ScratchFolder scratch = ScratchFolder.create("asterism-interrupted");
    cleanup.add(scratch::close);
    folder = scratch.path();
    storage = folder.resolve("registry");
    registry = DockerRegistry.startWritable(storage);
    cleanup.add(registry::close);
    containerd = PrivateContainerd.start(folder.resolve("containerd"), Map.of());
    cleanup.add(containerd::close);
    byte[] large = RandomTrees.content(Seeds.generator(1), SIZE); // does not compress
    image = PlainImage.write(folder.resolve("layout"), Layer.of(Entry.file("large", large)).tar());
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  @Test
  void push_killed_showsNothingAndIsDoneByTheNext() throws IOException, InterruptedException {
    String pushed = registry.reference("killed:1");
    Process process = begin(Asterism.command("push", image, pushed), () -> uploaded("killed") > 0);
    process.destroyForcibly().waitFor();
    assertThat(uploaded("killed")).isBetween(1L, SIZE - 1L);
    assertThat(Asterism.command("inspect", pushed).run().errorText()).contains("404");

    Outcome again = Asterism.command("push", "--json", image, pushed).runOrThrow();

    assertThat(again.text()).contains("\"event\":\"copied\"", "\"event\":\"done\"");
    Path back = folder.resolve("back");
    Asterism.command("pull", pushed, "oci:" + back + ":1").runOrThrow();
    try (Stream<Path> blobs = Files.list(back.resolve("blobs/sha256"))) {
      assertThat(blobs.map(blob -> blob.toFile().length())).anyMatch(length -> length > SIZE);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT"})
  void copy_toALayoutSignalled_leavesNothingUnfinished(String signal)
      throws IOException, InterruptedException {
    Path target = folder.resolve("target-" + signal);
    Path unfinished = target.resolve(".asterism");
    Process process =
        begin(
            Asterism.command("copy", image, "oci:" + target + ":1"), () -> entries(unfinished) > 1);
    assertThat(end(process, signal)).isEqualTo(signal.equals("INT") ? 130 : 143);
    assertThat(unfinished).doesNotExist();
    assertThat(target.resolve("index.json")).doesNotExist();
  }

  @Test
  void copy_toAnArchiveSignalled_leavesNothing() throws IOException, InterruptedException {
    Path target = folder.resolve("target.tar");
    Path part = folder.resolve("target.tar.part");
    Process process =
        begin(
            Asterism.command("copy", image, "oci-archive:" + target),
            () -> Files.exists(part) && Files.size(part) > 0);
    assertThat(end(process, "TERM")).isEqualTo(143);
    assertThat(part).doesNotExist();
    assertThat(target).doesNotExist();
  }

  @Test
  void push_signalled_cancelsItsUpload() throws IOException, InterruptedException {
    String pushed = registry.reference("signalled:1");
    Process process =
        begin(Asterism.command("push", image, pushed), () -> uploaded("signalled") > 0);
    assertThat(end(process, "TERM")).isEqualTo(143);
    isWithoutUploads("signalled");
  }

  @Test
  void convert_interruptedWhilePushing_leavesNothing() throws IOException, InterruptedException {
    Path spools = Files.createDirectory(folder.resolve("convert-spools"));
    String pushed = registry.reference("converted:1");
    Process process =
        begin(
            Asterism.command("convert", "--rebuild", "--level", "1")
                .with("--temporary", spools.toString(), image, pushed),
            () -> uploaded("converted") > 0);
    assertThat(end(process, "INT")).isEqualTo(130);
    assertThat(spools).isEmptyDirectory();
    isWithoutUploads("converted");
    assertThat(Asterism.command("inspect", pushed).run().errorText()).contains("404");
  }

  @Test
  void optimize_interruptedWhilePushing_leavesNothing() throws IOException, InterruptedException {
    Path spools = Files.createDirectory(folder.resolve("optimize-spools"));
    byte[] large = RandomTrees.content(Seeds.generator(4), SIZE);
    String from =
        PlainImage.write(
            folder.resolve("with-a-program"),
            HostPrograms.layer(Path.of("/bin/sh")).tar(),
            Layer.of(Entry.file("large", large)).tar());
    String pushed = registry.reference("optimized:1");
    Process process =
        begin(
            Asterism.command("optimize", "--level", "1", "--temporary", spools.toString())
                .with("--entrypoint", "[\"/bin/sh\",\"-c\",\"exit 0\"]", from, pushed),
            () -> uploaded("optimized") > 2 * MIB);
    assertThat(end(process, "INT")).isEqualTo(130);
    assertThat(ScratchFolder.mountsBelow(spools)).isEmpty();
    assertThat(spools).isEmptyDirectory();
    isWithoutUploads("optimized");
    assertThat(Asterism.command("inspect", pushed).run().errorText()).contains("404");
  }

  private void isWithoutUploads(String repository) throws IOException {
    if (!Files.exists(uploads(repository))) {
      return;
    }
    try (Stream<Path> left = Files.walk(uploads(repository))) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .doesNotContain("data", "startedat"); // the states of hashes it forgets
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"copy", "convert", "rpull"})
  void transfer_toContainerdSignalled_leavesNothingThere(String command)
      throws IOException, InterruptedException {
    Asterism.command("push", image, registry.reference("whole:1")).runOrThrow();
    String from = registry.reference("whole:1");
    Command transfer =
        Asterism.command(command, "--containerd-address", containerd.socket().toString());
    transfer =
        switch (command) {
          case "rpull" -> transfer.with("--snapshotter", TestNode.OVERLAYFS, from);
          case "convert" -> transfer.with("--rebuild", from, "containerd:store.example/large:1");
          default -> transfer.with(from, "containerd:store.example/large:1");
        };
    Process process = begin(transfer, () -> containerd("content", "active").contains("asterism-"));
    assertThat(containerd("leases", "ls", "-q")).isNotBlank();
    assertThat(end(process, "TERM")).isEqualTo(143);
    assertThat(containerd("leases", "ls", "-q")).isBlank();
    assertThat(containerd("content", "active")).doesNotContain("asterism-");
    assertThat(containerd("content", "ls", "-q")).isBlank();
    assertThat(containerd("images", "ls", "-q")).isBlank();
    assertThat(containerd("snapshots", "ls").lines()).hasSize(1); // the heading
  }

  static List<BadTar> badLayers() {
    return BadTar.all();
  }

  /// The first layer is good, and large enough to be under way when the second one is refused.
  private String withBadLayer(BadTar bad) throws IOException {
    byte[] good = RandomTrees.content(Seeds.generator(bad.name().hashCode()), MIB);
    return PlainImage.write(
        folder.resolve(bad.name().replace(' ', '-')),
        Layer.of(Entry.file("good", good)).tar(),
        bad.tar());
  }

  /// In this process: a start of the program costs more than what it would do.
  @ParameterizedTest
  @MethodSource("badLayers")
  void convert_ofALayerThatCannotBe_leavesNothingAnywhere(BadTar bad)
      throws IOException, InterruptedException {
    Path spools = Files.createDirectory(folder.resolve("spools-" + bad.name()));
    String from = withBadLayer(bad);
    List<String> before = stored();
    ContainerdAddress address = new ContainerdAddress(containerd.socket(), "default");
    try (RegistryClient client = client()) {
      ImagePlaces places = new ImagePlaces(client, spools, new ContainerdStore(address));
      for (String to : List.of(registry.reference("bad:1"), "containerd:store.example/bad:1")) {
        assertThatThrownBy(() -> convert(from, to, places))
            .as(to)
            .isInstanceOf(IOException.class)
            .hasMessageContaining("layer 2 of 2, " + Digest.of(bad.tar()))
            .hasMessageContaining(bad.why());
        assertThat(spools).isEmptyDirectory();
      }
    }
    assertThat(stored()).isEqualTo(before);
    wholeBlobsAlone();
  }

  private static RegistryClient client() {
    return new RegistryClient(
        Hosts.standard(), Credentials.anonymous(), RequestPolicy.DEFAULT, InstantSource.system());
  }

  private static void convert(String from, String to, ImagePlaces places) throws IOException {
    Converter converter =
        new Converter(
            EstargzOptions.DEFAULT.withLevel(1),
            Inflation.HERE,
            FileOrder.NONE,
            MIB,
            2,
            places.spools(),
            Optional.empty(),
            false);
    try (ImageSource source = ImageLocation.parse(from).source(places);
        ImageSink sink = ImageLocation.parse(to).sink(places)) {
      converter.convert(
          source, sink, new TransferOptions(new Platforms.All(), false, 2), TransferListener.NONE);
    }
  }

  /// What the registry and containerd hold, but for whole blobs of the registry, which wait there
  /// for an image or its garbage collection.
  private List<String> stored() throws IOException, InterruptedException {
    List<String> all = new ArrayList<>();
    try (Stream<Path> files = Files.walk(storage)) {
      files
          .filter(file -> Files.isRegularFile(file))
          .map(file -> storage.relativize(file).toString())
          .filter(file -> !file.contains("/blobs/") && !file.contains("/_layers/"))
          .filter(file -> !file.contains("/hashstates/")) // which it forgets
          .sorted()
          .forEach(all::add);
    }
    all.add(containerd("images", "ls"));
    all.add(containerd("leases", "ls", "-q"));
    all.add(containerd("content", "active"));
    all.add(containerd("content", "ls"));
    return all;
  }

  private void wholeBlobsAlone() throws IOException {
    Path blobs = storage.resolve("docker/registry/v2/blobs/sha256");
    try (Stream<Path> files = Files.find(blobs, 3, (path, _) -> path.endsWith("data"))) {
      for (Path data : files.filter(data -> data.toFile().length() < SIZE).toList()) {
        assertThat(Digest.of(Files.readAllBytes(data)).hex())
            .isEqualTo(data.getName(data.getNameCount() - 2).toString());
      }
    }
  }

  @Test
  void convert_ofALayerThatCannotBe_isSaidInOneLine() throws IOException, InterruptedException {
    BadTar bad = BadTar.all().getFirst();
    isRefused(
        "convert", withBadLayer(bad), bad.why(), Digest.of(bad.tar()).toString(), "layer 2 of 2");
  }

  @Test
  void copy_ofABlobOfOtherBytes_leavesNothingAnywhere() throws IOException, InterruptedException {
    byte[] tar = Layer.of(Entry.file("lost", "x".repeat(5000))).tar();
    Path layout = folder.resolve("bad-digest");
    String from = PlainImage.write(layout, tar);
    Path blob = layout.resolve("blobs/sha256").resolve(Digest.of(tar).hex());
    byte[] other = tar.clone();
    other[600] ^= 1; // in the file's content: only the digest tells
    Files.write(blob, other);
    isRefused("copy", from, Digest.of(tar).toString());
    isRefused("convert", from, Digest.of(tar).toString(), "layer 1 of 1");
  }

  @Test
  void convert_ofAnArchiveThatIsCutOff_leavesNothingAnywhere()
      throws IOException, InterruptedException {
    byte[] tar =
        Layer.of(Entry.file("lost", RandomTrees.content(Seeds.generator(3), 300_000))).tar();
    Path whole = folder.resolve("whole.tar");
    Asterism.command("copy", PlainImage.write(folder.resolve("to-archive"), tar))
        .with("oci-archive:" + whole)
        .runOrThrow();
    byte[] bytes = Files.readAllBytes(whole);
    Path cut = folder.resolve("cut.tar");
    Files.write(cut, Arrays.copyOf(bytes, 1000));
    isRefused("convert", "oci-archive:" + cut, "cut.tar");
    Files.write(cut, Arrays.copyOf(bytes, bytes.length / 2));
    isRefused("copy", "oci-archive:" + cut, "cut.tar");
  }

  /// @param said parts of what is said
  private void isRefused(String command, String from, String... said)
      throws IOException, InterruptedException {
    Path spools = folder.resolve("spools");
    String tag = registry.reference("refused:1");
    String name = "store.example/refused:1";
    for (String to : List.of(tag, "containerd:" + name)) {
      Outcome refused =
          Asterism.command(command, "--temporary", spools.toString())
              .with("--containerd-address", containerd.socket().toString(), from, to)
              .run();
      assertThat(refused.exitCode()).as(refused.errorText()).isEqualTo(1);
      assertThat(refused.errorText()).contains(said);
      if (Files.exists(spools)) {
        assertThat(spools).isEmptyDirectory();
      }
    }
    Path repository = storage.resolve("docker/registry/v2/repositories/refused");
    assertThat(repository.resolve("_manifests")).doesNotExist();
    isWithoutUploads("refused");
    assertThat(containerd("images", "ls", "-q")).isBlank();
    assertThat(containerd("leases", "ls", "-q")).isBlank();
    assertThat(containerd("content", "active")).doesNotContain("asterism-");
    assertThat(containerd("content", "ls", "-q")).isBlank();
  }

  private String containerd(String... words) throws IOException, InterruptedException {
    return containerd.ctr(words).runOrThrow().text();
  }

  private interface Condition {
    boolean holds() throws IOException, InterruptedException;
  }

  /// Starts a command, and returns when it is in the middle of something.
  private Process begin(Command command, Condition isUnderWay)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(folder, "output", "");
    // Whoever runs the tests in the background may have SIGINT ignored, and so all below.
    Process process =
        Command.of("env", "--default-signal=INT")
            .before(command)
            .builder()
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    cleanup.add(() -> process.destroyForcibly());
    while (process.isAlive() && !isUnderWay.holds()) {
      boolean _ = process.waitFor(5, TimeUnit.MILLISECONDS);
    }
    assertThat(process.isAlive()).as(Files.readString(output)).isTrue();
    return process;
  }

  /// Sends a signal and returns the exit code.
  private static int end(Process process, String signal) throws IOException, InterruptedException {
    Command.of("kill", "-" + signal, Long.toString(process.pid())).runOrThrow();
    return process.waitFor();
  }

  private static long entries(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return 0;
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.count();
    } catch (NoSuchFileException _) {
      return 0;
    }
  }

  private Path uploads(String repository) {
    return storage
        .resolve("docker/registry/v2/repositories")
        .resolve(repository)
        .resolve("_uploads");
  }

  /// Bytes of unfinished uploads in the registry's storage.
  private long uploaded(String repository) throws IOException {
    Path uploads = uploads(repository);
    if (!Files.isDirectory(uploads)) {
      return 0;
    }
    try (Stream<Path> files = Files.find(uploads, 2, (path, _) -> path.endsWith("data"))) {
      return files.mapToLong(data -> data.toFile().length()).sum();
    } catch (UncheckedIOException _) {
      return 0; // it has just gone
    }
  }
}
