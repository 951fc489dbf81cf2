package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.estargz.Annotations;
import dev.asterism.linux.Errno;
import dev.asterism.linux.Links;
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
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What containers read while the store fails under them: damaged behind the daemon's back, full,
/// read-only, with no more links to a file, without its memory, on two file systems.
///
/// The store is a small ext4 of its own, so that every error is the kernel's: ENOSPC, EROFS, EMLINK
/// (at 65,000 links, `EXT4_LINK_MAX`) and EXDEV. All tests but the last have one node; each has
/// images that no other has read.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class FaultyStoreTest {
  /// What has not been read is not there, and only the disk itself refuses anything.
  private static final String CONFIGURATION =
      """
      no_background_fetch = true
      noprefetch = true
      [learned]
      disable = true
      [directory_cache]
      min_free = "0"
      scrub_rate = "0"
      """;

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

  private static final Command OBJECTS_ELSEWHERE =
      launcher("cache/objects", "mount -t tmpfs -o size=64m none \"$root/cache/objects\"");

  private static final List<Path> PROGRAMS =
      Stream.of("/bin/sh", "/bin/sleep", "/bin/rm", "/usr/bin/sha256sum").map(Path::of).toList();

  private static final int STILL_FULL = 20; // looks in a row, of a second in all
  private static final int FILES = 6; // of one chunk each
  private static final int BIG = 300_000; // bytes, of many chunks

  private final Cleanup cleanup = Cleanup.open();
  private final List<String> pulled = new ArrayList<>();
  private TestRegistry registry;
  private TestLayer programs;
  private TestNode node;

  /// An image, and what `/data` in it holds.
  private record Image(String reference, Map<String, byte[]> files) {
    /// Returns a script that ends with 0 if every file is right, and else names those that are not.
    String check() {
      String sums =
          files.entrySet().stream()
              .map(file -> "%s  %s\\n".formatted(Digest.of(file.getValue()).hex(), file.getKey()))
              .collect(Collectors.joining());
      return "cd /data; printf '%s' | sha256sum --check --quiet 2>&1".formatted(sums);
    }
  }

  private static Command launcher(String place, String mount) {
    return Command.of(
        "sh", "-ec", WITH_MOUNT.replace("PLACE", place).replace("MOUNT", mount.strip()), "sh");
  }

  @BeforeAll
  void start() throws IOException, InterruptedException {
    Machine.requireRootAnd("containerd", "runc", "ctr-remote", "mkfs.ext4", "mountpoint");
    registry = TestRegistry.start();
    cleanup.add(registry::close);
    programs = lazy(HostPrograms.layer(PROGRAMS.toArray(Path[]::new)));
    node = TestNode.start(CONFIGURATION, STORE_ON_ITS_OWN_DISK);
    cleanup.add(node::close);
  }

  @BeforeEach
  void serve() throws IOException, InterruptedException {
    node.serve();
  }

  @AfterEach
  void removeImages() throws IOException, InterruptedException {
    node.empty(pulled);
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  // --- images

  private static TestLayer lazy(Layer layer) {
    Layer.EstargzBlob blob = layer.estargz();
    return TestLayer.gzip(blob.bytes())
        .annotated(Annotations.TOC_DIGEST, blob.tocDigest().toString());
  }

  private Image image(int number) {
    return image(number, "one");
  }

  /// Serves an image; one of the same number and another name has the same files in a layer of its
  /// own.
  private Image image(int number, String name) {
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
  private String startIdle(Image image) throws IOException, InterruptedException {
    pull(image);
    return node.startIdle(image.reference());
  }

  private void pull(Image image) throws IOException, InterruptedException {
    node.pull(image.reference());
    pulled.add(image.reference());
    assertThat(node.prepared()).doesNotContainValue(false);
  }

  private void assertReads(String container, Image image) throws IOException, InterruptedException {
    Outcome outcome = node.execute(container, image.check());
    assertThat(outcome.text() + outcome.errorText()).isEmpty();
    assertThat(outcome.exitCode()).isZero();
  }

  // --- the store

  private Path store() {
    return node.root().resolve("cache");
  }

  private Path object(byte[] content) {
    String hex = Digest.of(content).hex();
    return store().resolve("objects").resolve(hex.substring(0, 2)).resolve(hex);
  }

  private List<Path> objects(Image image) {
    return image.files().values().stream().map(this::object).filter(Files::exists).toList();
  }

  /// Waits until the store has every file of an image as an object.
  private void awaitStored(Image image) throws InterruptedException {
    while (objects(image).size() < image.files().size()) {
      Thread.sleep(50); // the test's own time limit ends this
    }
  }

  private static void dropCaches() throws IOException, InterruptedException {
    Command.of("sh", "-c", "sync; echo 3 > /proc/sys/vm/drop_caches").runOrThrow();
  }

  private void mount(String... words) throws IOException, InterruptedException {
    Command.of("mount").with(words).with(store().toString()).runOrThrow();
  }

  private Outcome cache(String... words) throws IOException, InterruptedException {
    return Asterism.command("cache")
        .with(words)
        .with("--root", node.root().toString())
        .with("--admin-address", node.root().resolveSibling("admin.sock").toString())
        .run();
  }

  /// Has everything looked at, and what is wrong removed.
  private void repair() throws IOException, InterruptedException {
    Outcome outcome = cache("verify", "--repair");
    assertThat(outcome.exitCode()).as(outcome.text()).isZero();
  }

  private double metric(String series) throws IOException, InterruptedException {
    String metrics =
        Command.of("curl", "-sS", "--unix-socket")
            .with(node.root().resolveSibling("admin.sock").toString(), "http://a/metrics")
            .runOrThrow()
            .text();
    Matcher value = Pattern.compile("(?m)^" + Pattern.quote(series) + " (\\S+)$").matcher(metrics);
    return value.find() ? Double.parseDouble(value.group(1)) : 0;
  }

  private double writeFailures(String cause) throws IOException, InterruptedException {
    return metric("asterism_cache_write_failures_total{cause=\"%s\"}".formatted(cause));
  }

  /// Asserts that a refusal was told of in the log, and at most once a minute.
  private void assertLoggedSeldom(String message, String cause, Instant since) throws IOException {
    long minutes = Duration.between(since, Instant.now()).toMinutes();
    assertThat(node.log().lines())
        .filteredOn(line ->
            line.contains("\"msg\":\"%s\"".formatted(message))
                && line.contains("\"cause\":\"%s\"".formatted(cause)))
        .hasSizeBetween(1, (int) minutes + 1);
  }

  // --- no room

  /// First, while nothing is in the store that could go: both images are pinned.
  @Test
  @Order(1)
  void read_diskIsFull_isRightAndStoredAgainWhenThereIsRoom() throws Exception {
    Image unread = image(1);
    Image later = image(2); // nothing of it is read ahead: it is another layer
    String container = startIdle(unread);
    String other = startIdle(later);
    cache("pin", unread.reference()).orThrow();
    cache("pin", later.reference()).orThrow();
    Instant begun = Instant.now();
    try {
      fill();

      assertReads(container, unread);
      dropCaches();
      assertReads(container, unread);

      assertThat(objects(unread)).isEmpty();
      assertThat(writeFailures("no_space")).isPositive();
      assertLoggedSeldom("cache write failed", "NO_SPACE", begun);
    } finally {
      Files.deleteIfExists(store().resolve("fill")); // the tests after this one want the room
      Files.deleteIfExists(store().resolve("rest"));
    }
    assertReads(other, later);
    awaitStored(later);
    cache("unpin", unread.reference()).orThrow();
    cache("unpin", later.reference()).orThrow();
  }

  /// Takes every block of the store's file system, until none comes back any more: a library that
  /// the daemon is putting together from its parts fails only now, and what was written of it goes;
  /// or it is whole, and its parts go.
  private void fill() throws IOException, InterruptedException {
    for (int looks = 0; looks < STILL_FULL; looks++) {
      if (Files.getFileStore(store()).getUsableSpace() > 0 || isBeingWritten()) {
        Command.of("sh", "-c", "dd if=/dev/zero bs=64k >>fill; ! dd if=/dev/zero bs=1k >>rest")
            .in(store())
            .runOrThrow();
        looks = 0;
      }
      Thread.sleep(50);
    }
  }

  private boolean isBeingWritten() throws IOException {
    try (Stream<Path> unfinished = Files.list(store().resolve("wip"))) {
      return unfinished.findAny().isPresent();
    }
  }

  // --- damage

  /// Reads every file again and again, and prints what came the first time and whenever it changed;
  /// `-` for an error.
  private static final String READ_ON =
      """
      cd /data
      before=
      while [ ! -e /stop ]; do
        now=
        for file in *; do
          sum=$(sha256sum < $file) || sum=-
          now="$now$file ${sum%% *} "
        done
        [ "$now" = "$before" ] || echo "$now"
        before=$now
        : >> /reading
      done
      """;

  @ParameterizedTest
  @EnumSource
  @Order(2)
  void read_objectsDamagedWhileTheContainerReads_isRightOnceItIsFound(Damage damage)
      throws Exception {
    Image image = image(damage.image());
    String container = startIdle(image);
    assertReads(container, image);
    awaitStored(image);
    Command reading = node.execution(container, READ_ON);
    CompletableFuture<String> seen =
        CompletableFuture.supplyAsync(() -> {
          try {
            return reading.runOrThrow().text();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
    node.execute(container, "while [ ! -e /reading ]; do sleep 0.05; done").orThrow();

    for (Path object : objects(image)) {
      damage.of(object);
    }
    dropCaches();
    node.execute(container, "rm /reading; while [ ! -e /reading ]; do sleep 0.05; done").orThrow();
    repair();

    node.execute(container, ": > /stop").orThrow();
    damage.assertShown(seen.join(), image.files());
    dropCaches(); // what was being read has the kernel keep the file
    if (damage != Damage.DELETED) { // all were found, by the verification or before
      for (byte[] right : image.files().values()) {
        assertThat(node.log()).containsPattern("\"cache file damaged\".*" + Digest.of(right).hex());
      }
    }
    assertReads(container, image);
    assertReads(node.startIdle(image.reference()), image);
    awaitStored(image);
    repair();
    assertThat(cache("verify").orThrow().text()).contains("all is right");
  }

  // --- read-only

  /// As an administrator does it, who has to stop the daemon for it: the kernel refuses while files
  /// are open for writing. The container runs on.
  @Test
  @Order(3)
  void read_fileSystemRemountedReadOnly_isRightAndStoredWhenItIsWritable() throws Exception {
    Image read = image(20);
    Image unread = image(21);
    Image later = image(22);
    String warm = startIdle(read);
    String cold = startIdle(unread);
    String last = startIdle(later);
    assertReads(warm, read);
    awaitStored(read);
    node.stopDaemon();
    dropCaches(); // what is gone but still open keeps a file system from being made read-only
    mount("-o", "remount,ro");
    try {
      Instant begun = Instant.now();
      node.startDaemon();
      node.awaitReconnection();

      assertReads(cold, unread);
      dropCaches();
      assertReads(warm, read);
      assertReads(cold, unread);
      assertReads(node.startIdle(read.reference()), read);
      assertThat(objects(unread)).isEmpty();
      assertThat(writeFailures("read_only")).isPositive();
      assertLoggedSeldom("cache write failed", "READ_ONLY", begun);
      assertThat(node.unmountAll().errorText()).contains("another daemon uses this cache");
    } finally {
      mount("-o", "remount,rw");
    }

    node.awaitLog("cache can be written again");
    assertReads(last, later);
    awaitStored(later);
  }

  /// As it is when the kernel does it by itself, with everything at work. Here it is the path that
  /// cannot be written any more: a file system that ext4 has given up stays so until it is mounted
  /// anew (layers/FaultyDiskTest has that).
  @Test
  @Order(4)
  void read_storeBecomesReadOnlyUnderTheDaemon_isRightAndTheDaemonCanGo() throws Exception {
    Image read = image(30);
    Image unread = image(31);
    Image later = image(32);
    String warm = startIdle(read);
    String cold = startIdle(unread);
    pull(later);
    assertReads(warm, read);
    awaitStored(read);
    mount("--bind", store().toString());
    try {
      mount("-o", "remount,bind,ro");
      Instant begun = Instant.now();

      assertReads(cold, unread);
      dropCaches();
      assertReads(warm, read);
      assertReads(cold, unread);
      assertThat(objects(unread)).isEmpty();
      assertThat(writeFailures("read_only")).isPositive();
      assertLoggedSeldom("cache write failed", "READ_ONLY", begun);

      node.stopDaemon();
      assertThat(node.hasDaemon()).isFalse();
      assertThat(node.unmountAll().orThrow().text()).endsWith("unmounted");
    } finally {
      Command.of("umount", store().toString()).runOrThrow();
    }

    node.startDaemon();
    node.awaitReconnection();
    assertReads(node.startIdle(later.reference()), later);
    awaitStored(later);
  }

  // --- no more links

  @Test
  @Order(5)
  void read_fileThatCanHaveNoMoreLinks_isRightAndHasASecondInode() throws Exception {
    Image first = image(40);
    Image second = image(40, "two");
    String container = startIdle(first);
    assertReads(container, first);
    awaitStored(first);
    byte[] content = first.files().getOrDefault("small3", new byte[0]);
    Path many = Files.createDirectory(store().resolve("many"));
    int errno = 0;
    for (int i = 0; i < 70_000 && errno == 0; i++) {
      errno = Links.tryLink(object(content).toString(), many + "/" + i);
    }
    assertThat(errno).isEqualTo(Errno.EMLINK.number());

    String other = startIdle(second);
    assertReads(other, second);

    while (metric("asterism_cache_second_inodes_total") < 1) {
      Thread.sleep(50); // layers take their links behind the mount
    }
    dropCaches();
    assertReads(container, first);
    assertReads(other, second);
    Command.of("rm", "-rf", many.toString()).runOrThrow();
    repair();
    assertThat(cache("verify").orThrow().text()).contains("all is right");
    assertReads(container, first);
  }

  // --- no memory

  /// What becomes of `links.json`.
  enum Loss {
    EMPTY(50, ": > links.json", "not ours"),
    HALF_A_RECORD(
        51,
        "printf '{\"format\":\"asterism links\",\"version\":1,\"digests\":[[\"00ab' > links.json",
        "torn"),
    GIBIBYTE_OF_NOTHING(52, "truncate -s 1G links.json", "not ours"),
    LATER_VERSION(
        53,
        "printf '{\"format\":\"asterism links\",\"version\":99}' > links.json",
        "version 99 is newer than ours");

    private final int image; // its number
    private final String script;
    private final String said;

    Loss(int image, String script, String said) {
      this.image = image;
      this.script = script;
      this.said = said;
    }
  }

  @ParameterizedTest
  @EnumSource
  @Order(6)
  void read_linksFileLost_asksTheRegistryForNothing(Loss loss) throws Exception {
    Image image = image(loss.image);
    String container = startIdle(image);
    assertReads(container, image);
    awaitStored(image);
    node.stopDaemon();
    Command.of("sh", "-ec", "rm -f links.json links.journal*; " + loss.script)
        .in(store())
        .runOrThrow();

    node.startDaemon();
    node.awaitReconnection();
    dropCaches();

    node.awaitLog("\"msg\":\"cache links restored in part");
    assertThat(node.log().lines().filter(line -> line.contains("\"level\":\"warning\"")))
        .singleElement()
        .asString()
        .contains(loss.said);
    int asked = registry.traffic().requests();
    assertReads(container, image);
    assertReads(node.startIdle(image.reference()), image);
    assertThat(registry.traffic().requests()).isEqualTo(asked);

    Image same = image(loss.image, "two"); // whose layer the store has not seen before
    String other = startIdle(same);
    asked = registry.traffic().requests();
    assertReads(other, same);
    assertThat(registry.traffic().requests()).isEqualTo(asked);
    assertThat(cache("verify").orThrow().text()).contains("all is right");
  }

  // --- two file systems

  @Test
  @Order(7)
  void read_objectsOnAnotherFileSystem_isRightWithoutSharing() throws Exception {
    Image image = image(60);
    try (TestNode plain = TestNode.start(CONFIGURATION, OBJECTS_ELSEWHERE)) {
      plain.pull(image.reference());
      String container = plain.startIdle(image.reference());
      assertThat(plain.execute(container, image.check()).exitCode()).isZero();

      Path own = plain.root().resolve("cache/own");
      while (count(own, image) < image.files().size()) {
        Thread.sleep(50); // the test's own time limit ends this
      }
      registry.refuseConnections();
      try {
        dropCaches();
        assertThat(plain.execute(container, image.check()).exitCode()).isZero();
      } finally {
        registry.up();
      }
      assertThat(plain.log())
          .containsOnlyOnce("cache without hard links, nothing is shared")
          .contains("\"cause\":\"OTHER_FILE_SYSTEM\"");
    }
  }

  private static long count(Path own, Image image) throws IOException {
    Set<String> names =
        image.files().values().stream()
            .map(content -> Digest.of(content).hex())
            .collect(Collectors.toSet());
    try (Stream<Path> files = Files.walk(own)) {
      return files.filter(file -> names.contains(file.getFileName().toString())).count();
    } catch (UncheckedIOException _) {
      return 0; // something went while it was looked at
    }
  }
}
