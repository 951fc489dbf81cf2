package dev.asterism.cache;

import static dev.asterism.cache.TestStore.LAYER;
import static dev.asterism.cache.TestStore.OTHER_LAYER;
import static dev.asterism.cache.TestStore.chunk;
import static dev.asterism.cache.TestStore.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.VerifiedChunk;
import dev.asterism.testkit.disk.Call;
import dev.asterism.testkit.disk.Outcome;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EvictionTest {
  private static final int SIZE = 8192;

  @TempDir Path directory;
  private TestStore store;

  @BeforeEach
  void open() throws IOException {
    store = new TestStore(directory.resolve("cache"));
  }

  @AfterEach
  void close() throws IOException {
    store.close();
  }

  private VerifiedChunk added(LayerCache layer, int number) {
    VerifiedChunk chunk = chunk(number, SIZE);
    assertThat(layer.addFile(key(number), chunk)).isInstanceOf(Published.Shared.class);
    return chunk;
  }

  /// Lets everything that was added be on the disk and older than what the kernel may be looking
  /// for.
  private void settle() throws IOException {
    store.cache.persist();
    store.clock.pass(Evictor.GRACE.plusSeconds(1));
  }

  private void lastActive(dev.asterism.content.Digest layer, Instant when) throws IOException {
    Path links = store.root.resolve("layers").resolve(layer.hex());
    Files.setLastModifiedTime(links, FileTime.from(when));
  }

  private boolean holds(VerifiedChunk chunk) {
    return store.cache.holds(chunk.digest(), chunk.size());
  }

  @Test
  void evict_unreferencedAndReferenced_takesTheUnreferencedFirst() throws IOException {
    VerifiedChunk unused = added(store.otherLayer(), 1);
    VerifiedChunk used = added(store.layer(), 2);
    store.cache.removeLayer(OTHER_LAYER);
    settle();

    Eviction eviction = store.cache.evict(SIZE);

    assertThat(eviction).isEqualTo(new Eviction(1, SIZE, true, 0));
    assertThat(holds(unused)).isFalse();
    assertThat(holds(used)).isTrue();
  }

  @Test
  void evict_layersOfDifferentAge_takesTheLongestUnusedOne() throws IOException {
    VerifiedChunk old = added(store.layer(), 1);
    VerifiedChunk shared = added(store.layer(), 2);
    assertThat(store.otherLayer().adoptFile(key(9), shared.digest(), SIZE)).isTrue();
    VerifiedChunk recent = added(store.otherLayer(), 3);
    lastActive(LAYER, Instant.EPOCH.plusSeconds(10));
    lastActive(OTHER_LAYER, Instant.EPOCH.plusSeconds(20));
    settle();

    store.cache.evict(SIZE);

    assertThat(holds(old)).isFalse();
    assertThat(holds(shared)).isTrue();
    assertThat(holds(recent)).isTrue();
  }

  @Test
  void evict_referencedFile_leavesNoLinkOfAnyLayer() throws IOException {
    VerifiedChunk chunk = added(store.layer(), 1);
    assertThat(store.otherLayer().adoptFile(key(7), chunk.digest(), SIZE)).isTrue();
    settle();

    assertThat(store.cache.evict(1).enough()).isTrue();

    assertThat(TestStore.files(store.root.resolve("layers"))).isEmpty();
    assertThat(store.object(chunk.digest())).doesNotExist();
    assertThat(store.fresh(chunk.digest())).doesNotExist();
    assertThat(store.cache.budget().used()).isZero();
  }

  @Test
  void evict_justPublished_leavesItForTheKernelThatLooksForIt() throws IOException {
    VerifiedChunk chunk = added(store.layer(), 1);
    store.cache.persist();

    assertThat(store.cache.evict(SIZE).objects()).isZero();
    assertThat(holds(chunk)).isTrue();
  }

  @Test
  void evict_notSynced_leavesItOnTheListOfWhatMayBeLost() throws IOException {
    VerifiedChunk chunk = added(store.layer(), 1);
    store.clock.pass(Duration.ofHours(1));

    assertThat(store.cache.evict(SIZE).objects()).isZero();
    assertThat(store.fresh(chunk.digest())).exists();
  }

  @Test
  void evict_offeredAgain_leavesIt() throws IOException {
    VerifiedChunk chunk = added(store.layer(), 1);
    settle();
    assertThat(store.layer().offerFile(key(1), chunk.digest(), SIZE)).isTrue();

    assertThat(store.cache.evict(SIZE).objects()).isZero();
    assertThat(store.fresh(chunk.digest())).exists();
  }

  @Test
  void evict_pinned_takesEverythingElseAndSaysWhatPinsHold() throws IOException {
    VerifiedChunk pinned = added(store.layer(), 1);
    VerifiedChunk other = added(store.otherLayer(), 2);
    store.cache.pin(new Pin("example.org/a:1", List.of(LAYER), Instant.EPOCH));
    settle();

    Eviction eviction = store.cache.evict(10 * SIZE);

    assertThat(eviction).isEqualTo(new Eviction(1, SIZE, false, SIZE));
    assertThat(holds(pinned)).isTrue();
    assertThat(holds(other)).isFalse();
  }

  @Test
  void evict_unpinnedAfterRestart_takesItAgain() throws IOException {
    VerifiedChunk chunk = added(store.layer(), 1);
    store.cache.pin(new Pin("example.org/a:1", List.of(LAYER), Instant.EPOCH));
    store.reopen();
    settle();
    assertThat(store.cache.pins())
        .containsExactly(new Pin("example.org/a:1", List.of(LAYER), Instant.EPOCH));
    assertThat(store.cache.evict(SIZE).objects()).isZero();

    assertThat(store.cache.unpin("example.org/a:1")).isTrue();
    assertThat(store.cache.unpin("example.org/a:1")).isFalse();
    assertThat(store.cache.evict(SIZE).objects()).isOne();
    assertThat(holds(chunk)).isFalse();
  }

  @Test
  void removeLayer_pinned_keepsItsLinks() throws IOException {
    VerifiedChunk chunk = added(store.layer(), 1);
    store.cache.pin(new Pin("example.org/a:1", List.of(LAYER), Instant.EPOCH));
    store.cache.removeLayer(LAYER);
    settle();

    assertThat(store.cache.evict(SIZE).objects()).isZero();
    assertThat(holds(chunk)).isTrue();
  }

  @Test
  void evict_layerInUse_isTakenLast() throws IOException {
    VerifiedChunk used = added(store.layer(), 1);
    VerifiedChunk idle = added(store.otherLayer(), 2);
    store.cache.inUse(Set.of(LAYER));
    lastActive(LAYER, Instant.EPOCH);
    settle();

    store.cache.evict(SIZE);
    assertThat(holds(used)).isTrue();
    assertThat(holds(idle)).isFalse();

    store.cache.evict(SIZE);
    assertThat(holds(used)).isFalse();
  }

  @Test
  void evict_linkedFromElsewhere_isNotTakenForItFreesNothing() throws IOException {
    VerifiedChunk chunk = added(store.layer(), 1);
    Files.createLink(directory.resolve("foreign"), store.object(chunk.digest()));
    settle();

    assertThat(store.cache.evict(SIZE).objects()).isZero();
    assertThat(holds(chunk)).isTrue();
  }

  @Test
  void evict_openFile_staysReadable() throws IOException {
    VerifiedChunk chunk = added(store.layer(), 1);
    settle();
    try (Stored open = store.cache.find(chunk.digest(), SIZE).orElseThrow()) {
      store.cache.evict(SIZE);
      assertThat(holds(chunk)).isFalse();
      assertThat(TestStore.readAndClose(open)).isEqualTo(chunk.bytes());
    }
  }

  @Test
  void evict_partsOfAFile_takesThem() throws IOException {
    TestStore.BigFile file = TestStore.BigFile.of(1, 5000, 6000);
    file.addParts(store.layer(), 3);
    settle();

    assertThat(store.cache.evict(Long.MAX_VALUE).objects()).isEqualTo(2);
    assertThat(TestStore.files(store.root.resolve("chunks"))).isEmpty();
  }

  @Test
  void used_afterEveryKindOfChange_isWhatTheDiskSays() throws IOException {
    added(store.layer(), 1);
    VerifiedChunk shared = added(store.layer(), 2);
    store.otherLayer().addFile(key(5), shared);
    TestStore.BigFile file = TestStore.BigFile.of(10, 5000, 9000);
    file.addParts(store.layer(), 3);
    assertThat(file.complete(store.layer(), 3)).isInstanceOf(Published.Shared.class);
    assertThat(store.cache.budget().used()).isEqualTo(occupied());
    settle();
    store.cache.evict(SIZE);
    assertThat(store.cache.budget().used()).isEqualTo(occupied());
    store.reopen();
    store.cache.evict(0);
    assertThat(store.cache.budget().used()).isEqualTo(occupied());
  }

  private long occupied() throws IOException {
    java.util.Map<Long, Long> byInode = new java.util.HashMap<>();
    for (String place : List.of("objects", "chunks", "layers")) {
      for (Path file : TestStore.files(store.root.resolve(place))) {
        byInode.put(TestStore.status(file).inode(), TestStore.status(file).allocated());
      }
    }
    return byInode.values().stream().mapToLong(Long::longValue).sum();
  }

  @Test
  void close_whileTheStoreIsEvicted_doesNotWaitForAllOfIt() throws Exception {
    for (int i = 0; i < 100; i++) {
      added(store.layer(), i);
    }
    store.cache.removeLayer(LAYER);
    settle();
    Thread closing =
        closeAtTheFirst(call -> call.text(0).startsWith(store.root.resolve("objects").toString()));

    assertThatThrownBy(() -> store.cache.evict(Long.MAX_VALUE))
        .isInstanceOf(InterruptedIOException.class);

    closing.join();
    assertThat(TestStore.files(store.root.resolve("objects"))).hasSize(99);
    assertOpensRight();
  }

  @Test
  void close_whileTheStoreIsCleaned_doesNotWaitForAllOfIt() throws Exception {
    for (int i = 0; i < 100; i++) {
      added(store.layer(), i);
    }
    store.cache.removeLayer(LAYER);
    store.cache.persist();
    store.clock.pass(Duration.ofDays(3000));
    Thread closing =
        closeAtTheFirst(call -> call.text(0).startsWith(store.root.resolve("objects").toString()));

    assertThatThrownBy(() -> store.cache.clean(CleanOptions.DEFAULT, StoreProgress.NONE))
        .isInstanceOf(InterruptedIOException.class);

    closing.join();
    assertThat(TestStore.files(store.root.resolve("objects"))).hasSize(99);
    assertOpensRight();
  }

  /// Has the cache closed in the middle of the first removal that `when` picks.
  private Thread closeAtTheFirst(Predicate<Call> when) {
    DirectoryCache closes = store.cache;
    Thread closing =
        new Thread(() -> {
          try {
            closes.close();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    store.faults.once(
        "unlink",
        when,
        new Outcome.After(() -> {
          closing.start();
          while (!isClosed(closes)) {
            Thread.onSpinWait();
          }
        }));
    return closing;
  }

  private static boolean isClosed(DirectoryCache cache) {
    try {
      return cache.layer(OTHER_LAYER).holds(key(1)); // never: it has nothing
    } catch (IllegalStateException _) {
      return true;
    }
  }

  private void assertOpensRight() throws Exception {
    store.start();
    store.cache.awaitIndex();
    assertThat(store.cache.verify(VerifyOptions.FULL, StoreProgress.NONE).findings()).isEmpty();
  }
}
