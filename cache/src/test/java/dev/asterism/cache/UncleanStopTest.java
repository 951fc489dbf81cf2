package dev.asterism.cache;

import static dev.asterism.cache.TestStore.LAYER;
import static dev.asterism.cache.TestStore.chunk;
import static dev.asterism.cache.TestStore.files;
import static dev.asterism.cache.TestStore.key;
import static dev.asterism.cache.TestStore.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.VerifiedChunk;
import dev.asterism.linux.Errno;
import dev.asterism.testkit.disk.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What stands in `fresh`, and what it is good for when the machine stops. A stop is played by a
/// marker that is still there, another boot by another text in it.
final class UncleanStopTest {
  private static final VerifiedChunk HELLO = chunk("hello");
  private static final VerifiedChunk WORLD = chunk("world");

  @TempDir Path temp;
  private TestStore store;

  @BeforeEach
  void openStore() throws IOException {
    store = new TestStore(temp.resolve("cache"));
  }

  @AfterEach
  void closeStore() throws IOException {
    store.close();
  }

  @Test
  void persist_youngLinks_stayInFresh() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.cache.persist();
    assertThat(store.fresh(HELLO.digest())).exists();
    assertThat(store.cache.counters().syncs()).isEqualTo(1);
  }

  @Test
  void persist_oldLinks_goOnceTheyAreSynced() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.clock.pass(TestStore.AGE);
    store.layer().addFile(key(2), WORLD);
    store.cache.persist();
    assertThat(store.fresh(HELLO.digest())).doesNotExist();
    assertThat(store.fresh(WORLD.digest())).exists();
    assertThat(status(store.object(HELLO.digest())).links()).isEqualTo(2);
  }

  @Test
  void persist_nothingIsFreshAnyMore_keepsNoDirectoriesForIt() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.clock.pass(TestStore.AGE);
    store.layer().addFile(key(2), WORLD);
    store.cache.persist();
    assertThat(store.fresh(WORLD.digest())).exists();
    store.clock.pass(TestStore.AGE);
    store.cache.persist();
    assertThat(store.root.resolve("fresh")).isEmptyDirectory();

    store.layer().addFile(key(3), chunk("later"));
    assertThat(store.fresh(chunk("later").digest())).exists();
  }

  @Test
  void persist_nothingNew_doesNotSync() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.cache.persist();
    store.layer().addFile(key(2), HELLO);
    store.cache.persist();
    assertThat(store.faults.calls("sync")).isEqualTo(1);
  }

  @Test
  void persist_publishedDuringTheSync_staysForTheNext() throws IOException {
    store.faults.clear();
    store.faults.once(
        "sync",
        _ -> true,
        new Outcome.After(() -> {
          store.layer().addFile(key(2), WORLD);
          store.clock.pass(TestStore.AGE);
        }));
    store.layer().addFile(key(1), HELLO);
    store.cache.persist();
    assertThat(store.fresh(HELLO.digest())).doesNotExist();
    assertThat(store.fresh(WORLD.digest())).exists();
    store.repair();
    store.cache.persist();
    assertThat(store.fresh(WORLD.digest())).doesNotExist();
  }

  @Test
  void persist_publishedAgainWhileListed_keepsTheLinkForTheSecond() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.clock.pass(TestStore.AGE);
    Files.delete(store.object(HELLO.digest()));
    store.layer().addFile(key(1), HELLO);
    store.cache.persist();
    assertThat(store.fresh(HELLO.digest())).exists();
    store.clock.pass(TestStore.AGE);
    store.cache.persist();
    assertThat(store.fresh(HELLO.digest())).doesNotExist();
  }

  @Test
  void leave_withoutASync_isAsKilledForTheNextProcess() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.cache.leave();
    assertThat(store.faults.calls("sync")).isZero();
    store.start();
    assertThat(store.object(HELLO.digest())).exists();
    store.cache.persist();
    assertThat(store.faults.calls("sync")).isEqualTo(1);
  }

  @Test
  void leave_withoutASyncAndTheMachineStops_leavesDoubt() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.cache.leave();
    Files.writeString(store.root.resolve("running"), "another boot");
    Files.setPosixFilePermissions(
        store.object(HELLO.digest()), PosixFilePermissions.fromString("rw-------"));
    Files.writeString(store.object(HELLO.digest()), "wrong");
    store.start();
    assertThat(store.object(HELLO.digest())).doesNotExist();
  }

  @Test
  void leave_afterASync_isClean() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.cache.persist();
    store.cache.leave();
    assertThat(store.root.resolve("running")).doesNotExist();
    assertThat(store.faults.calls("sync")).isEqualTo(1);
    store.start();
  }

  @Test
  void persist_syncFails_throwsAndNothingLeavesFreshAnyMore() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.faults.clear();
    store.faults.every("sync", new Outcome.Failure(() -> new IOException("Input/output error")));
    assertThatThrownBy(() -> store.cache.persist()).isInstanceOf(IOException.class);
    store.repair();
    store.layer().addFile(key(2), WORLD);
    store.clock.pass(TestStore.AGE);
    store.cache.persist();
    assertThat(store.fresh(HELLO.digest())).exists();

    store.reopen();
    assertThat(store.read(HELLO.digest(), 5)).hasValue(HELLO.bytes());
    assertThat(store.cache.counters().restored()).isPositive();
  }

  @Test
  void open_afterClose_doubtsNothing() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.reopen();
    assertThat(store.object(HELLO.digest())).exists();
    assertThat(store.cache.counters().restored()).isZero();
    store.clock.pass(TestStore.AGE);
    store.cache.persist();
    assertThat(store.fresh(HELLO.digest())).doesNotExist();
  }

  @Test
  void open_afterAKilledProcess_doubtsNothingButStillSyncsIt() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.cache.close();
    try (CacheDisk disk = LocalDisk.open(store.root)) {
      markRunning(disk.pageCacheId());
    }
    store.reopen();
    assertThat(store.object(HELLO.digest())).exists();
    assertThat(store.cache.counters().restored()).isZero();
    store.clock.pass(TestStore.AGE);
    store.cache.persist();
    assertThat(store.cache.counters().syncs()).isEqualTo(1);
    assertThat(store.fresh(HELLO.digest())).doesNotExist();
  }

  @Test
  void open_afterAProcessWasKilledBehindTheFirstLink_dropsThat() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.cache.close();
    Files.delete(store.object(HELLO.digest()));
    Files.delete(store.key(LAYER, 1, 0));
    try (CacheDisk disk = LocalDisk.open(store.root)) {
      markRunning(disk.pageCacheId());
    }

    store.reopen();

    assertThat(store.fresh(HELLO.digest())).doesNotExist();
    assertThat(store.cache.verify(VerifyOptions.FULL, StoreProgress.NONE).findings()).isEmpty();
  }

  @Test
  void open_afterTheMachineStopped_hasNothingDoubtfulInReachOfTheKernel() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.layer().addPart(new ChunkKey(2, 4096), WORLD);
    store.cache.close();
    markRunning("another boot");
    CountDownLatch looked = new CountDownLatch(1);
    store.faults.when(
        "open", call -> call.text(0).contains("doubtful"), new Outcome.After(() -> await(looked)));

    store.reopen();

    assertThat(files(store.root.resolve("objects"))).isEmpty();
    assertThat(files(store.root.resolve("chunks"))).isEmpty();
    assertThat(files(store.root.resolve("fresh"))).isEmpty();
    looked.countDown();
  }

  @Test
  void find_afterTheMachineStopped_bringsBackWhatIsRight() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.layer().addPart(new ChunkKey(2, 4096), WORLD);
    stopMachine();
    assertThat(store.read(HELLO.digest(), 5)).hasValue(HELLO.bytes());
    assertThat(store.read(WORLD.digest(), 5)).hasValue(WORLD.bytes());
    assertThat(store.object(HELLO.digest())).exists();
    assertThat(store.fresh(HELLO.digest())).exists();
    assertThat(store.part(WORLD.digest())).exists();
    assertThat(store.object(WORLD.digest())).doesNotExist();
    assertThat(status(store.object(HELLO.digest())).links()).isEqualTo(3);
  }

  @Test
  void find_afterTheMachineStopped_neverFindsWhatIsWrong() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.layer().addFile(key(2), WORLD);
    overwrite(store.object(HELLO.digest()), "\0\0\0\0\0");
    stopMachine();

    assertThat(store.cache.holds(HELLO.digest(), 5)).isFalse();
    assertThat(store.layer().adoptFile(key(1), HELLO.digest(), 5)).isFalse();
    assertThat(store.cache.find(WORLD.digest(), 5)).isPresent();

    store.layer().addFile(key(1), HELLO);
    assertThat(store.object(HELLO.digest())).hasContent("hello");
    assertThat(store.key(LAYER, 1, 0)).hasContent("hello");
    assertThat(store.root.resolve("doubtful/objects")).isEmptyDirectory();
  }

  @Test
  void open_afterTheMachineStoppedLongAfterTheSync_doubtsNothing() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.clock.pass(TestStore.AGE);
    store.cache.persist();
    stopMachine();
    assertThat(store.object(HELLO.digest())).exists();
    assertThat(store.cache.counters().restored()).isZero();
  }

  /// Where names are lost out of their order the list of what is fresh may have lost some.
  @Test
  void open_afterTheMachineStoppedAndNamesHaveNoOrder_doubtsEverything() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.layer().addFile(key(2), WORLD);
    store.clock.pass(TestStore.AGE);
    store.cache.persist();
    overwrite(store.object(WORLD.digest()), "wrong");
    store.faults.clear();
    store.faults.every("sync", new Outcome.Answer(0));
    store.faults.every("keepsOrder", new Outcome.Answer(false));

    stopMachine();

    assertThat(store.read(HELLO.digest(), 5)).hasValue(HELLO.bytes());
    assertThat(store.read(WORLD.digest(), 5)).isEmpty();
    assertThat(store.object(WORLD.digest())).doesNotExist();
    assertThat(store.cache.counters().restored()).isEqualTo(1);
  }

  @Test
  void open_stoppedAgainWhileSettling_goesOnWhereItWas() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.layer().addFile(key(2), WORLD);
    store.cache.close();
    markRunning("another boot");
    store.faults.once(
        "rename",
        call -> call.text(0).endsWith(WORLD.digest().hex()),
        new Outcome.Answer(Errno.EIO.number()));
    assertThatThrownBy(store::reopen).isInstanceOf(IOException.class);
    assertThat(store.root.resolve("running")).exists();

    store.reopen();
    assertThat(store.read(HELLO.digest(), 5)).hasValue(HELLO.bytes());
    assertThat(store.read(WORLD.digest(), 5)).hasValue(WORLD.bytes());
  }

  @Test
  void open_markerCannotBeWritten_servesButKeepsNothingUntilItCan() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.cache.close();
    store.faults.every(
        "writeDurably", new Outcome.Failure(() -> new IOException("No space left on device")));
    store.reopen();
    assertThat(store.read(HELLO.digest(), 5)).hasValue(HELLO.bytes());
    assertThat(store.layer().addFile(key(2), WORLD))
        .isEqualTo(new Published.Uncached(Cause.NO_SPACE));

    store.repair();
    store.cache.persist();
    assertThat(store.layer().addFile(key(2), WORLD)).isInstanceOf(Published.Shared.class);
  }

  private void stopMachine() throws IOException {
    store.cache.close();
    markRunning("another boot");
    store.reopen();
  }

  private void markRunning(String pageCacheId) throws IOException {
    Files.writeString(store.root.resolve("running"), pageCacheId);
  }

  private static void overwrite(Path file, String text) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
