package dev.asterism.cache;

import static dev.asterism.cache.TestStore.LAYER;
import static dev.asterism.cache.TestStore.OTHER_LAYER;
import static dev.asterism.cache.TestStore.chunk;
import static dev.asterism.cache.TestStore.files;
import static dev.asterism.cache.TestStore.key;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.DiskImage.Unsynced;
import dev.asterism.cache.TestStore.BigFile;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.linux.Errno;
import dev.asterism.testkit.disk.Faults;
import dev.asterism.testkit.disk.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A machine that stops after any of the steps by which the store publishes, persists, evicts and
/// recovers. Bytes that were not synced are lost, torn, zeros, or there. Names are there up to some
/// point, as journals keep them; or, on a disk that keeps no order, each is lost for itself. The
/// store that is opened on what is left must be right.
///
/// `-Dpower.loss.all=true` tries all that may become of bytes at every step, and the loss and the
/// survival of every single change of names.
@Timeout(3000)
final class PowerLossTest {
  private static final VerifiedChunk WHOLE = chunk(1, 9000);
  private static final VerifiedChunk PART = chunk(2, 5000);
  private static final VerifiedChunk LATER = chunk(3, 7000);
  private static final BigFile BIG = BigFile.of(10, 5000, 5000, 17);

  private static final boolean ALL = Boolean.getBoolean("power.loss.all");

  @TempDir Path temp;

  private final ManualClock clock = new ManualClock();

  /// What must be there after a stop behind so many steps: it was synced, and nobody took it away.
  private final TreeMap<Integer, Set<VerifiedChunk>> promises = new TreeMap<>();

  private int stores;

  /// How names reach the disk.
  enum Names {
    IN_ORDER,
    IN_ANY_ORDER;

    boolean areInOrder() {
      return this == IN_ORDER;
    }

    /// Returns what may have become of so many changes of names, some at each step, or all.
    List<Loss> losses(int pending, int step) {
      if (areInOrder() || pending == 0) {
        return List.of(new Loss("all names", _ -> false));
      }
      List<Loss> losses = new ArrayList<>();
      for (int i = 0; i < pending; i++) {
        int one = i;
        if (ALL || one == step % pending) {
          losses.add(new Loss("all names but " + one, number -> number == one));
        }
        if (ALL || one == 7 * step % pending) {
          losses.add(new Loss("no name but " + one, number -> number != one));
        }
      }
      losses.add(new Loss("every other name", number -> (number + step) % 2 == 0));
      return losses;
    }
  }

  /// Which changes of names were lost, of those that could be.
  record Loss(String text, IntPredicate lost) {}

  /// A store whose disk is recorded. Immutable.
  private record Store(Path root, DiskRecording recording, DirectoryCache cache) {}

  private Store open(Path root, String boot, Names names, Faults faults) throws Exception {
    CacheRoot.create(root);
    DiskRecording recording = new DiskRecording(root, boot, names.areInOrder());
    CacheDisk disk = faults.wrap(CacheDisk.class, recording.wrap(LocalDisk.open(root)));
    CacheSettings settings =
        new CacheSettings(Duration.ofDays(1), TestStore.AGE, Budget.DEFAULT, TestStore.QUIET);
    DirectoryCache cache = DirectoryCache.open(root, disk, clock, settings);
    cache.awaitIndex();
    return new Store(root, recording, cache);
  }

  @ParameterizedTest
  @EnumSource
  void open_afterTheMachineStoppedAtAnyStep_hasOnlyWholeFilesAndAllThatWasSynced(Names names)
      throws Exception {
    DiskRecording recording = use(names);
    DiskImage image = new DiskImage();
    List<DiskRecording.Step> steps = recording.steps();
    assertThat(steps).hasSizeGreaterThan(80);
    for (int done = 0; done <= steps.size(); done++) {
      if (done > 0) {
        steps.get(done - 1).change().accept(image);
      }
      Set<VerifiedChunk> promised =
          Optional.ofNullable(promises.floorEntry(done)).map(Map.Entry::getValue).orElse(Set.of());
      checkStopped(image, done, names, promised, "after " + text(steps, done));
    }
  }

  @ParameterizedTest
  @EnumSource
  void open_stoppedAgainAtAnyStepOfTheRecovery_hasOnlyWholeFilesAndAllThatWasSynced(Names names)
      throws Exception {
    DiskRecording recording = use(names);
    List<DiskRecording.Step> steps = recording.steps();
    DiskImage image = new DiskImage();
    int last = promises.lastKey(); // behind it the store is only closed
    steps.subList(0, last).forEach(step -> step.change().accept(image));
    assertThat(image.isAllSynced()).isFalse();
    for (Unsynced how : List.of(Unsynced.LOST, Unsynced.TORN)) {
      DiskImage left = image.stopped(how);
      DiskImage again = image.stopped(how);
      Store store = open(left, names);
      store.cache().holds(WHOLE.digest(), WHOLE.size());
      store.cache().persist();
      List<DiskRecording.Step> recovery = store.recording().steps();
      store.cache().close();
      for (int done = 0; done <= recovery.size(); done++) {
        if (done > 0) {
          recovery.get(done - 1).change().accept(again);
        }
        checkStopped(
            again,
            done,
            names,
            promises.lastEntry().getValue(),
            "%s, recovery after %s".formatted(how, text(recovery, done)));
      }
    }
  }

  /// Checks what may be left of an image when the machine stops now.
  private void checkStopped(
      DiskImage image, int step, Names names, Set<VerifiedChunk> promised, String when)
      throws Exception {
    List<Loss> losses = names.losses(image.pendingNames(), step);
    for (int i = 0; i < losses.size(); i++) {
      Loss loss = losses.get(i);
      List<Unsynced> variants = variants(image, step + i);
      for (Unsynced how : losses.size() > 1 && !ALL ? variants.subList(0, 1) : variants) {
        check(
            image.stopped(how, loss.lost()),
            names,
            promised,
            "%s, %s %s".formatted(how, loss.text(), when));
      }
    }
  }

  /// Of four things that may become of bytes two at each step, in turn, unless all are asked for.
  private static List<Unsynced> variants(DiskImage image, int step) {
    if (image.isAllSynced()) {
      return List.of(Unsynced.WRITTEN);
    }
    List<Unsynced> all = List.of(Unsynced.values());
    return ALL ? all : List.of(all.get(step % all.size()), all.get((step + 1) % all.size()));
  }

  private static String text(List<DiskRecording.Step> steps, int done) {
    return "%d steps: … %s"
        .formatted(
            done,
            steps.subList(Math.max(0, done - 6), done).stream()
                .map(DiskRecording.Step::text)
                .toList());
  }

  /// Lives through everything that a store does to its disk.
  private DiskRecording use(Names names) throws Exception {
    Faults faults = new Faults();
    Store store = open(temp.resolve("recorded"), "the first boot", names, faults);
    DirectoryCache cache = store.cache();
    LayerCache layer = cache.layer(LAYER);
    layer.addFile(key(1), WHOLE);
    layer.addPart(new ChunkKey(2, 4096), PART);
    layer.addFile(key(3), WHOLE);
    cache.layer(OTHER_LAYER).adoptFile(key(1), WHOLE.digest(), WHOLE.size());
    cache.layer(OTHER_LAYER).adoptFile(key(2), PART.digest(), PART.size());
    cache.persist();
    promise(store, WHOLE, PART);

    BIG.addParts(layer, 7);
    BIG.complete(layer, 7);
    faults.once(
        "link",
        call -> call.text(1).contains("/layers/"),
        new Outcome.Answer(Errno.EMLINK.number()));
    cache.layer(OTHER_LAYER).adoptFile(key(9), WHOLE.digest(), WHOLE.size());
    clock.pass(TestStore.AGE);
    cache.persist();
    promise(store, WHOLE, PART, BIG.whole());

    promise(store, PART);
    cache.removeLayer(OTHER_LAYER);
    cache.evict(1);
    cache.clean(CleanOptions.DEFAULT, StoreProgress.NONE); // takes what the full inode left
    cache.persist();
    clock.pass(TestStore.AGE);
    cache.persist();
    layer.addFile(key(11), LATER);
    cache.layer(OTHER_LAYER).addFile(key(12), LATER);
    layer.addPart(new ChunkKey(13, 4096), chunk(4, 6000));
    promises.put(store.recording().size(), Set.of());
    cache.close();
    return store.recording();
  }

  private void promise(Store store, VerifiedChunk... chunks) {
    promises.put(store.recording().size(), Set.of(chunks));
  }

  private Store open(DiskImage left, Names names) throws Exception {
    Path root = temp.resolve("after-" + stores++);
    left.writeTo(root);
    return open(root, "boot " + stores, names, new Faults());
  }

  private void check(DiskImage left, Names names, Set<VerifiedChunk> promised, String when)
      throws Exception {
    Store store = open(left, names);
    try (DirectoryCache cache = store.cache()) {
      assertOnlyRightFiles(store.root(), when);
      List<VerifiedChunk> all = new ArrayList<>(List.of(WHOLE, PART, LATER, BIG.whole()));
      all.addAll(BIG.chunks());
      for (VerifiedChunk each : all) {
        Optional<Stored> found = cache.find(each.digest(), each.size());
        if (found.isPresent()) {
          assertThat(TestStore.readAndClose(found.get())).as(when).isEqualTo(each.bytes());
        }
        assertThat(found.isPresent() || !promised.contains(each)).as(when).isTrue();
      }
      cache.awaitSettled(); // a link or a count that was lost is written anew, by way of wip/
      assertThat(store.root().resolve("wip")).as(when).isEmptyDirectory();
      assertNothingFound(cache, when);
      for (int i = 0; i < all.size(); i++) {
        assertThat(cache.layer(LAYER).addPart(key(100 + i), all.get(i)))
            .as(when)
            .isInstanceOf(Published.Shared.class);
      }
      assertThat(BIG.complete(cache.layer(LAYER), 7)).isInstanceOf(Published.Shared.class);
      assertOnlyRightFiles(store.root(), when);
    }
    CacheRoot.removeTree(store.root());
  }

  private static void assertNothingFound(DirectoryCache cache, String when) throws IOException {
    assertThat(cache.verify(VerifyOptions.FULL, StoreProgress.NONE).findings()).as(when).isEmpty();
  }

  private static void assertOnlyRightFiles(Path root, String when) throws IOException {
    for (String directory : List.of("objects", "chunks", "fresh")) {
      for (Path file : files(root.resolve(directory))) {
        assertThat(Digest.of(Files.readAllBytes(file)).hex())
            .as(when)
            .isEqualTo(file.getFileName().toString());
      }
    }
  }
}
