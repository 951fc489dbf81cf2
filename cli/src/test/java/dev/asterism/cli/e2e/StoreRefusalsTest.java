package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cli.e2e.SmallStore.Image;
import dev.asterism.content.Digest;
import dev.asterism.linux.Errno;
import dev.asterism.linux.Links;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.TimeUnit;
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

/// What containers read while the store's file system refuses: full, read-only, with no more links
/// to a file, in two parts.
///
/// All tests but the last two have one node.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class StoreRefusalsTest {
  private static final int STILL_FULL = 20; // looks in a row, of a second in all

  private SmallStore store;

  @BeforeAll
  void start() throws IOException, InterruptedException {
    store = SmallStore.start();
  }

  @BeforeEach
  void serve() throws IOException, InterruptedException {
    store.serve();
  }

  @AfterEach
  void removeImages() throws IOException, InterruptedException {
    store.removeImages();
  }

  @AfterAll
  void end() throws IOException {
    store.close();
  }

  // --- no room

  /// First, while nothing is in the store that could go: both images are pinned.
  @Test
  @Order(1)
  void read_diskIsFull_isRightAndStoredAgainWhenThereIsRoom() throws Exception {
    Image unread = store.image(1);
    Image later = store.image(2); // nothing of it is read ahead: it is another layer
    String container = store.startIdle(unread);
    String other = store.startIdle(later);
    store.cache("pin", unread.reference()).orThrow();
    store.cache("pin", later.reference()).orThrow();
    Instant begun = Instant.now();
    try {
      fill();

      store.assertReads(container, unread);
      SmallStore.dropCaches();
      store.assertReads(container, unread);

      assertThat(store.objects(unread)).isEmpty();
      assertThat(store.writeFailures("no_space")).isPositive();
      store.assertLoggedSeldom("cache write failed", "NO_SPACE", begun);
    } finally {
      Files.deleteIfExists(store.path().resolve("fill")); // the tests after this one want the room
      Files.deleteIfExists(store.path().resolve("rest"));
    }
    store.assertReads(other, later);
    store.awaitStored(later);
    store.cache("unpin", unread.reference()).orThrow();
    store.cache("unpin", later.reference()).orThrow();
  }

  /// Takes every block of the store's file system, until none comes back any more: a library that
  /// the daemon is putting together from its parts fails only now, and what was written of it goes;
  /// or it is whole, and its parts go.
  private void fill() throws IOException, InterruptedException {
    for (int looks = 0; looks < STILL_FULL; looks++) {
      if (Files.getFileStore(store.path()).getUsableSpace() > 0 || isBeingWritten()) {
        Command.of("sh", "-c", "dd if=/dev/zero bs=64k >>fill; ! dd if=/dev/zero bs=1k >>rest")
            .in(store.path())
            .runOrThrow();
        looks = 0;
      }
      Thread.sleep(50);
    }
  }

  private boolean isBeingWritten() throws IOException {
    try (Stream<Path> unfinished = Files.list(store.path().resolve("wip"))) {
      return unfinished.findAny().isPresent();
    }
  }

  // --- read-only

  /// As an administrator does it, who has to stop the daemon for it: the kernel refuses while files
  /// are open for writing. The container runs on.
  @Test
  @Order(2)
  void read_fileSystemRemountedReadOnly_isRightAndStoredWhenItIsWritable() throws Exception {
    Image read = store.image(20);
    Image unread = store.image(21);
    Image later = store.image(22);
    String warm = store.startIdle(read);
    String cold = store.startIdle(unread);
    String last = store.startIdle(later);
    store.assertReads(warm, read);
    store.awaitStored(read);
    store.node().stopDaemon();
    SmallStore
        .dropCaches(); // what is gone but still open keeps a file system from being made read-only
    store.mount("-o", "remount,ro");
    try {
      Instant begun = Instant.now();
      store.node().startDaemon();
      store.node().awaitReconnection();

      store.assertReads(cold, unread);
      SmallStore.dropCaches();
      store.assertReads(warm, read);
      store.assertReads(cold, unread);
      store.assertReads(store.node().startIdle(read.reference()), read);
      assertThat(store.objects(unread)).isEmpty();
      assertThat(store.writeFailures("read_only")).isPositive();
      store.assertLoggedSeldom("cache write failed", "READ_ONLY", begun);
      assertThat(store.node().unmountAll().errorText()).contains("another daemon uses this cache");
    } finally {
      store.mount("-o", "remount,rw");
    }

    store.node().awaitLog("cache can be written again");
    store.assertReads(last, later);
    store.awaitStored(later);
  }

  /// As it is when the kernel does it by itself, with everything at work. Here it is the path that
  /// cannot be written any more: a file system that ext4 has given up stays so until it is mounted
  /// anew (layers/FaultyDiskTest has that).
  @Test
  @Order(3)
  void read_storeBecomesReadOnlyUnderTheDaemon_isRightAndTheDaemonCanGo() throws Exception {
    Image read = store.image(30);
    Image unread = store.image(31);
    Image later = store.image(32);
    String warm = store.startIdle(read);
    String cold = store.startIdle(unread);
    store.pull(later);
    store.assertReads(warm, read);
    store.awaitStored(read);
    store.mount("--bind", store.path().toString());
    try {
      store.mount("-o", "remount,bind,ro");
      Instant begun = Instant.now();

      store.assertReads(cold, unread);
      SmallStore.dropCaches();
      store.assertReads(warm, read);
      store.assertReads(cold, unread);
      assertThat(store.objects(unread)).isEmpty();
      assertThat(store.writeFailures("read_only")).isPositive();
      store.assertLoggedSeldom("cache write failed", "READ_ONLY", begun);

      store.node().stopDaemon();
      assertThat(store.node().hasDaemon()).isFalse();
      assertThat(store.node().unmountAll().orThrow().text()).endsWith("unmounted");
    } finally {
      Command.of("umount", store.path().toString()).runOrThrow();
    }

    store.node().startDaemon();
    store.node().awaitReconnection();
    store.assertReads(store.node().startIdle(later.reference()), later);
    store.awaitStored(later);
  }

  // --- no more links

  @Test
  @Order(4)
  void read_fileThatCanHaveNoMoreLinks_isRightAndHasASecondInode() throws Exception {
    Image first = store.image(40);
    Image second = store.image(40, "two");
    String container = store.startIdle(first);
    store.assertReads(container, first);
    store.awaitStored(first);
    byte[] content = first.files().getOrDefault("small3", new byte[0]);
    Path many = Files.createDirectory(store.path().resolve("many"));
    int errno = 0;
    for (int i = 0; i < 70_000 && errno == 0; i++) {
      errno = Links.tryLink(store.object(content).toString(), many + "/" + i);
    }
    assertThat(errno).isEqualTo(Errno.EMLINK.number());

    String other = store.startIdle(second);
    store.assertReads(other, second);

    while (store.metric("asterism_cache_second_inodes_total") < 1) {
      Thread.sleep(50); // layers take their links behind the mount
    }
    SmallStore.dropCaches();
    store.assertReads(container, first);
    store.assertReads(other, second);
    Command.of("rm", "-rf", many.toString()).runOrThrow();
    store.repair();
    assertThat(store.cache("verify").orThrow().text()).contains("all is right");
    store.assertReads(container, first);
  }

  // --- no room left by the budget

  @Test
  @Order(5)
  void read_diskIsFullAndSomeOfItShouldStayFree_isRightAndSaidSo() throws Exception {
    Image image = store.image(50);
    try (TestNode other = SmallStore.startWithDefaultBudget()) {
      other.pull(image.reference());
      String container = other.startIdle(image.reference());
      Instant begun = Instant.now();
      Command.of("sh", "-c", "! dd if=/dev/zero bs=64k >fill")
          .in(other.root().resolve("cache"))
          .runOrThrow();

      for (int i = 0; i < 2; i++) {
        Outcome read = other.execute(container, image.check());
        assertThat(read.text() + read.errorText()).isEmpty();
        assertThat(read.exitCode()).isZero();
        SmallStore.dropCaches();
      }

      assertThat(SmallStore.writeFailures(other, "over_budget")).isPositive();
      SmallStore.assertLoggedSeldom(other, "cache write failed", "OVER_BUDGET", begun);
    }
  }

  // --- two file systems

  @Test
  @Order(6)
  void read_objectsOnAnotherFileSystem_isRightWithoutSharing() throws Exception {
    Image image = store.image(60);
    try (TestNode plain = SmallStore.startBeside("cache/objects")) {
      plain.pull(image.reference());
      String container = plain.startIdle(image.reference());
      assertThat(plain.execute(container, image.check()).exitCode()).isZero();

      Path own = plain.root().resolve("cache/own");
      while (count(own, image) < image.files().size()) {
        Thread.sleep(50); // the test's own time limit ends this
      }
      store.registry().refuseConnections();
      try {
        SmallStore.dropCaches();
        assertThat(plain.execute(container, image.check()).exitCode()).isZero();
      } finally {
        store.registry().up();
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
