package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.estargz.Annotations;
import dev.asterism.testkit.image.HostPrograms;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A node whose store has a small disk to itself, images that it pulls, and containers that compare
/// what they read of them.
///
/// The disk is an ext4 of 64 MiB, so that every error is the kernel's: ENOSPC, EROFS, EMLINK (at
/// 65,000 links, `EXT4_LINK_MAX`). What has not been read is not in the store, and only the disk
/// itself refuses anything. Each test has images that no other has read.
final class SmallStore implements AutoCloseable {
  private static final String DEFAULT_BUDGET =
      """
      no_background_fetch = true
      noprefetch = true
      [learned]
      disable = true
      [directory_cache]
      scrub_rate = "0"
      """;

  private static final String CONFIGURATION = DEFAULT_BUDGET + "min_free = \"0\"\n";

  /// Mounts something below the root that the command names, unless it is there, and becomes the
  /// command.
  private static final String WITH_MOUNT =
      """
      before=
      for word; do
        [ "$before" != --root ] || root=$word
        before=$word
      done
      if ! mountpoint -q "$root/PLACE"; then
        mkdir -p "$root/PLACE"
        MOUNT
      fi
      exec "$@"
      """;

  private static final Command STORE_ON_ITS_OWN_DISK =
      launcher(
          "cache",
          """
          truncate -s 64M "$root.img"
            mkfs.ext4 -q -m 0 "$root.img"
            mount -o loop "$root.img" "$root/cache"\
          """);

  private static final List<Path> PROGRAMS =
      Stream.of("/bin/sh", "/bin/sleep", "/bin/rm", "/usr/bin/sha256sum").map(Path::of).toList();

  private static final int FILES = 6; // of one chunk each
  private static final int BIG = 300_000; // bytes, of many chunks

  private final Cleanup cleanup = Cleanup.open();
  private final List<String> pulled = new ArrayList<>();
  private final TestRegistry registry;
  private final TestLayer programs;
  private final TestNode node;

  private SmallStore() throws IOException, InterruptedException {
    Machine.requireRootAnd("containerd", "runc", "ctr-remote", "mkfs.ext4", "mountpoint");
    try {
      registry = TestRegistry.start();
      cleanup.add(registry::close);
      programs = lazy(HostPrograms.layer(PROGRAMS.toArray(Path[]::new)));
      node = TestNode.start(CONFIGURATION, STORE_ON_ITS_OWN_DISK);
      cleanup.add(node::close);
    } catch (IOException | InterruptedException | RuntimeException e) {
      cleanup.close();
      throw e;
    }
  }

  /// Starts a registry and the node.
  static SmallStore start() throws IOException, InterruptedException {
    return new SmallStore();
  }

  /// Starts another node, with the same registry and configuration, whose store has a directory on
  /// another file system.
  ///
  /// @param place of the directory below the root
  static TestNode startBeside(String place) throws IOException, InterruptedException {
    return TestNode.start(
        CONFIGURATION,
        launcher(place, "mount -t tmpfs -o size=64m none \"$root/%s\"".formatted(place)));
  }

  /// Starts another node, with the same registry, whose store has a disk of its own and the budget
  /// that is the default: a part of the disk stays free.
  static TestNode startWithDefaultBudget() throws IOException, InterruptedException {
    return TestNode.start(DEFAULT_BUDGET, STORE_ON_ITS_OWN_DISK);
  }

  private static Command launcher(String place, String mount) {
    return Command.of(
        "sh", "-ec", WITH_MOUNT.replace("PLACE", place).replace("MOUNT", mount.strip()), "sh");
  }

  TestNode node() {
    return node;
  }

  TestRegistry registry() {
    return registry;
  }

  /// Has the node serve, whatever the test before has left of it.
  void serve() throws IOException, InterruptedException {
    node.serve();
  }

  /// Removes the images that were pulled, and their containers.
  void removeImages() throws IOException, InterruptedException {
    node.empty(pulled);
  }

  @Override
  public void close() throws IOException {
    cleanup.close();
  }

  // --- images

  /// An image, and what `/data` in it holds.
  record Image(String reference, Map<String, byte[]> files) {
    /// Returns a script that ends with 0 if every file is right, and else names those that are not.
    String check() {
      String sums =
          files.entrySet().stream()
              .map(file -> "%s  %s\\n".formatted(Digest.of(file.getValue()).hex(), file.getKey()))
              .collect(Collectors.joining());
      return "cd /data; printf '%s' | sha256sum --check --quiet 2>&1".formatted(sums);
    }
  }

  private static TestLayer lazy(Layer layer) {
    Layer.EstargzBlob blob = layer.estargz();
    return TestLayer.gzip(blob.bytes())
        .annotated(Annotations.TOC_DIGEST, blob.tocDigest().toString());
  }

  /// Serves an image.
  Image image(int number) {
    return image(number, "one");
  }

  /// Serves an image; one of the same number and another name has the same files in a layer of its
  /// own.
  Image image(int number, String name) {
    Map<String, byte[]> files = new TreeMap<>();
    for (int i = 0; i < FILES; i++) {
      files.put("small" + i, bytes(100 * number + i, 5_000 + 2_500 * i));
    }
    files.put("big", bytes(100 * number + 99, BIG));
    List<Entry> entries = new ArrayList<>(List.of(Entry.dir("data"), Entry.file("name", name)));
    files.forEach((path, bytes) -> entries.add(Entry.file("data/" + path, bytes)));
    return new Image(
        registry.reference(
            registry.image(
                "faulty/" + name,
                String.valueOf(number),
                ImageConfig.running("/bin/sh"),
                List.of(programs, lazy(new Layer(entries))))),
        files);
  }

  private static byte[] bytes(int seed, int size) {
    return RandomTrees.content(Seeds.generator(seed), size);
  }

  /// Pulls an image and starts a container of it that does nothing.
  String startIdle(Image image) throws IOException, InterruptedException {
    pull(image);
    return node.startIdle(image.reference());
  }

  void pull(Image image) throws IOException, InterruptedException {
    node.pull(image.reference());
    pulled.add(image.reference());
    assertThat(node.prepared()).doesNotContainValue(false);
  }

  /// Asserts that every file of an image reads right in a container.
  void assertReads(String container, Image image) throws IOException, InterruptedException {
    Outcome outcome = node.execute(container, image.check());
    assertThat(outcome.text() + outcome.errorText()).isEmpty();
    assertThat(outcome.exitCode()).isZero();
  }

  // --- the store

  /// Returns the store's directory.
  Path path() {
    return node.root().resolve("cache");
  }

  /// Returns where the store has a file as an object.
  Path object(byte[] content) {
    String hex = Digest.of(content).hex();
    return path().resolve("objects").resolve(hex.substring(0, 2)).resolve(hex);
  }

  /// Returns the objects that the store has of an image's files.
  List<Path> objects(Image image) {
    return image.files().values().stream().map(this::object).filter(Files::exists).toList();
  }

  /// Waits until the store has every file of an image as an object.
  void awaitStored(Image image) throws InterruptedException {
    while (objects(image).size() < image.files().size()) {
      Thread.sleep(50); // the test's own time limit ends this
    }
  }

  static void dropCaches() throws IOException, InterruptedException {
    Command.of("sh", "-c", "sync; echo 3 > /proc/sys/vm/drop_caches").runOrThrow();
  }

  /// Runs mount(8) with the store as its last word.
  void mount(String... words) throws IOException, InterruptedException {
    Command.of("mount").with(words).with(path().toString()).runOrThrow();
  }

  /// Runs `asterism cache`.
  Outcome cache(String... words) throws IOException, InterruptedException {
    return Asterism.command("cache")
        .with(words)
        .with("--root", node.root().toString())
        .with("--admin-address", node.root().resolveSibling("admin.sock").toString())
        .run();
  }

  /// Has everything looked at, and what is wrong removed.
  void repair() throws IOException, InterruptedException {
    Outcome outcome = cache("verify", "--repair");
    assertThat(outcome.exitCode()).as(outcome.text()).isZero();
  }

  /// Returns a metric of the daemon.
  double metric(String series) throws IOException, InterruptedException {
    return metric(node, series);
  }

  private static double metric(TestNode node, String series)
      throws IOException, InterruptedException {
    String metrics =
        Command.of("curl", "-sS", "--unix-socket")
            .with(node.root().resolveSibling("admin.sock").toString(), "http://a/metrics")
            .runOrThrow()
            .text();
    Matcher value = Pattern.compile("(?m)^" + Pattern.quote(series) + " (\\S+)$").matcher(metrics);
    return value.find() ? Double.parseDouble(value.group(1)) : 0;
  }

  /// Returns how often the disk has refused a write.
  double writeFailures(String cause) throws IOException, InterruptedException {
    return writeFailures(node, cause);
  }

  /// Returns how often the disk of a node, or its budget, has refused a write.
  static double writeFailures(TestNode node, String cause)
      throws IOException, InterruptedException {
    return metric(node, "asterism_cache_write_failures_total{cause=\"%s\"}".formatted(cause));
  }

  /// Asserts that a refusal was told of in the log, and at most once a minute.
  void assertLoggedSeldom(String message, String cause, Instant since) throws IOException {
    assertLoggedSeldom(node, message, cause, since);
  }

  /// The same of a node.
  static void assertLoggedSeldom(TestNode node, String message, String cause, Instant since)
      throws IOException {
    long minutes = Duration.between(since, Instant.now()).toMinutes();
    assertThat(node.log().lines())
        .filteredOn(line ->
            line.contains("\"msg\":\"%s\"".formatted(message))
                && line.contains("\"cause\":\"%s\"".formatted(cause)))
        .hasSizeBetween(1, (int) minutes + 1);
  }
}
