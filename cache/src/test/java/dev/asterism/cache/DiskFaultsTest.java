package dev.asterism.cache;

import static dev.asterism.cache.TestStore.LAYER;
import static dev.asterism.cache.TestStore.chunk;
import static dev.asterism.cache.TestStore.files;
import static dev.asterism.cache.TestStore.key;
import static dev.asterism.cache.TestStore.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.asterism.cache.TestStore.BigFile;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.linux.Errno;
import dev.asterism.testkit.disk.Call;
import dev.asterism.testkit.disk.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A disk that refuses: nothing of it is an exception to who adds or reads.
final class DiskFaultsTest {
  private static final VerifiedChunk HELLO = chunk("hello");

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

  @ParameterizedTest
  @CsvSource({"ENOSPC, NO_SPACE", "EDQUOT, QUOTA", "EROFS, READ_ONLY", "EIO, DISK"})
  void addFile_writeRefused_isUncachedAndTriedAgainNextTime(Errno errno, Cause cause)
      throws IOException {
    store.faults.every("create", new Outcome.Answer(errno.number()));
    assertThat(store.layer().addFile(key(1), HELLO)).isEqualTo(new Published.Uncached(cause));
    assertThat(store.cache.find(HELLO.digest(), 5)).isEmpty();
    assertThat(store.cache.counters().writeFailures()).isEqualTo(Map.of(cause, 1L));
    assertNothingLeft();

    store.repair();
    assertThat(store.layer().addFile(key(1), HELLO)).isInstanceOf(Published.Shared.class);
  }

  @ParameterizedTest
  @CsvSource({"EPERM, NOT_PERMITTED", "EXDEV, OTHER_FILE_SYSTEM", "EMLINK, TOO_MANY_LINKS"})
  void addFile_noLinksAtAll_isTheLayersOwnCopy(Errno errno, Cause cause) throws IOException {
    store.faults.every("link", new Outcome.Answer(errno.number()));

    Published published = store.layer().addFile(key(1), HELLO);

    assertThat(published).isEqualTo(new Published.Unshared(store.key(LAYER, 1, 0), cause));
    assertThat(
            TestStore.readAndClose(store.layer().findOwn(key(1), HELLO.digest(), 5).orElseThrow()))
        .isEqualTo(HELLO.bytes());
    assertThat(store.cache.find(HELLO.digest(), 5)).isEmpty();
    assertThat(store.cache.counters().linkFailures()).isEqualTo(Map.of(cause, 1L));
  }

  @Test
  void addFile_linkToObjectsRefused_isNotLeftInReachOfTheKernelAlone() throws IOException {
    store.faults.when("link", to("/objects/"), new Outcome.Answer(Errno.ENOSPC.number()));
    assertThat(store.layer().addFile(key(1), HELLO))
        .isEqualTo(new Published.Unshared(store.key(LAYER, 1, 0), Cause.NO_SPACE));
    assertThat(store.object(HELLO.digest())).doesNotExist();
    store.clock.pass(TestStore.AGE);
    store.repair();
    store.cache.persist();
    assertThat(store.fresh(HELLO.digest())).doesNotExist();
  }

  @Test
  void findOwn_leftByAnotherProcess_isHashedFirst() throws IOException {
    store.faults.every("link", new Outcome.Answer(Errno.EPERM.number()));
    store.layer().addFile(key(1), HELLO);
    store.layer().addFile(key(2), chunk("world"));
    store.repair();
    store.reopen();
    Files.delete(store.key(LAYER, 2, 0));
    Files.writeString(store.key(LAYER, 2, 0), "wrong");
    assertThat(store.layer().findOwn(key(1), HELLO.digest(), 5)).isPresent();
    assertThat(store.layer().findOwn(key(2), chunk("world").digest(), 5)).isEmpty();
  }

  /// A layer's own copy, and a chunk without a digest, as of an image that is not verified.
  @Test
  void clean_filesOfKeysThatAreInUse_stay() throws IOException {
    store.faults.every("link", new Outcome.Answer(Errno.EPERM.number()));
    store.layer().addFile(key(1), HELLO);
    store.repair();
    try (CacheWriter writer = store.layer().add(key(2))) {
      writer.write(ByteBuffer.wrap(chunk("world").bytes()));
      writer.commit();
    }

    assertThat(store.cache.clean(CleanOptions.DEFAULT, StoreProgress.NONE).staleLinks()).isZero();
    assertThat(store.cache.verify(VerifyOptions.FULL.withRepair(), StoreProgress.NONE).findings())
        .isEmpty();

    assertThat(store.key(LAYER, 1, 0)).hasContent("hello");
    assertThat(store.key(LAYER, 2, 0)).hasContent("world");
    try (CachedChunk found = store.layer().get(key(2)).orElseThrow()) {
      assertThat(found.size()).isEqualTo(5);
    }
    store.reopen(); // nobody knows any more what they are
    assertThat(store.cache.clean(CleanOptions.DEFAULT, StoreProgress.NONE).staleLinks())
        .isEqualTo(2);
    assertThat(store.key(LAYER, 2, 0)).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"EPERM", "EXDEV", "ENOSPC", "EIO"})
  void addFile_onlyTheLayersLinkRefused_isSharedWithoutIt(Errno errno) throws IOException {
    store.faults.when("link", to("/layers/"), new Outcome.Answer(errno.number()));
    store.faults.when("renameNew", to("/layers/"), new Outcome.Answer(errno.number()));
    assertThat(store.layer().addFile(key(1), HELLO))
        .isEqualTo(new Published.Shared(store.object(HELLO.digest())));
    assertThat(store.key(LAYER, 1, 0)).doesNotExist();
    assertThat(store.cache.counters().linkFailures()).containsKey(Cause.of(errno.number()));
    assertNothingLeft();
  }

  @Test
  void addFile_fileSystemWithoutRenameNoreplace_linksInstead() throws IOException {
    store.faults.every("renameNew", new Outcome.Answer(Errno.EINVAL.number()));
    store.layer().addFile(key(1), HELLO);
    assertThat(Files.isSameFile(store.object(HELLO.digest()), store.key(LAYER, 1, 0))).isTrue();
    assertNothingLeft();
  }

  @Test
  void adoptFile_inodeIsFull_getsASecondOneUnderTheDigest() throws IOException {
    store.layer().addFile(key(1), HELLO);
    long first = status(store.object(HELLO.digest())).inode();
    store.faults.once("link", to("/layers/"), new Outcome.Answer(Errno.EMLINK.number()));

    assertThat(store.otherLayer().adoptFile(key(2), HELLO.digest(), 5)).isTrue();

    Path object = store.object(HELLO.digest());
    assertThat(status(object).inode()).isNotEqualTo(first);
    assertThat(object).hasContent("hello");
    assertThat(status(object).links()).isEqualTo(2); // its own name and the other layer's
    assertThat(status(store.key(LAYER, 1, 0)).inode()).isEqualTo(first);
    assertThat(store.cache.counters().secondInodes()).isEqualTo(1);
    assertNothingLeft();
  }

  @Test
  void adoptFile_inodeIsFullAndDiskToo_isSharedWithoutTheLink() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.faults.when("link", to("/layers/"), new Outcome.Answer(Errno.EMLINK.number()));
    store.faults.every(
        "createOpen", new Outcome.Failure(() -> new IOException("No space left on device")));
    assertThat(store.otherLayer().adoptFile(key(2), HELLO.digest(), 5)).isTrue();
    assertThat(store.object(HELLO.digest())).hasContent("hello");
    assertNothingLeft();
  }

  @Test
  void find_unreadable_isAbsent() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.faults.every("open", new Outcome.Failure(() -> new IOException("Input/output error")));
    assertThat(store.cache.find(HELLO.digest(), 5)).isEmpty();
    store.faults.every("status", new Outcome.Failure(() -> new IOException("Input/output error")));
    assertThat(store.cache.find(HELLO.digest(), 5)).isEmpty();
    assertThat(store.cache.holds(HELLO.digest(), 5)).isFalse();
    store.repair();
    assertThat(store.read(HELLO.digest(), 5)).hasValue(HELLO.bytes());
  }

  @Test
  void completeFile_anyCallFails_neverThrowsAndNeverShowsAWrongFile() throws IOException {
    BigFile big = BigFile.of(1, 5000, 5000, 17);
    for (String call : new String[] {"link", "rename", "renameNew", "unlink", "create", "seal"}) {
      for (int nth = 1; nth <= 8; nth++) {
        failNth(call, nth);
        assertThatCode(
                () -> {
                  addPartsQuietly(big);
                  big.complete(store.layer(), 7);
                })
            .doesNotThrowAnyException();
        store.repair();
        for (Path file : files(store.root.resolve("objects"))) {
          assertThat(file).hasBinaryContent(big.bytes());
        }
        big.addParts(store.layer(), 7);
        assertThat(big.complete(store.layer(), 7)).isInstanceOf(Published.Shared.class);
        assertThat(store.object(big.digest())).hasBinaryContent(big.bytes());
        store.cache.removeLayer(LAYER);
        Files.delete(store.object(big.digest()));
        Files.deleteIfExists(store.fresh(big.digest()));
      }
    }
  }

  private void failNth(String call, int nth) {
    long from = store.faults.calls(call) + nth;
    store.faults.when(call, made -> made.number() == from, new Outcome.Answer(Errno.EIO.number()));
  }

  private void addPartsQuietly(BigFile big) {
    for (PartOfFile part : big.parts()) {
      VerifiedChunk chunk =
          big.chunks().stream()
              .filter(c -> c.digest().equals(part.digest()))
              .findFirst()
              .orElseThrow();
      store.layer().addPart(new ChunkKey(7, part.fileOffset()), chunk);
    }
  }

  private static Predicate<Call> to(String directory) {
    return call -> call.text(1).contains(directory);
  }

  private void assertNothingLeft() throws IOException {
    assertThat(files(store.root.resolve("wip"))).isEmpty();
  }
}
