package dev.asterism.cache;

import static dev.asterism.cache.TestStore.LAYER;
import static dev.asterism.cache.TestStore.OTHER_LAYER;
import static dev.asterism.cache.TestStore.chunk;
import static dev.asterism.cache.TestStore.files;
import static dev.asterism.cache.TestStore.key;
import static dev.asterism.cache.TestStore.readAndClose;
import static dev.asterism.cache.TestStore.status;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.TestStore.BigFile;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.linux.Errno;
import dev.asterism.testkit.disk.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// `enable_hardlink = false`: each layer has its own copies, and nothing is shared.
final class PlainCacheTest {
  private static final BigFile BIG = BigFile.of(1, 300_000, 300_000, 1);
  private static final VerifiedChunk HELLO = chunk("hello");

  @TempDir Path temp;
  private TestStore store;

  @BeforeEach
  void openStore() throws IOException {
    store = new TestStore(temp.resolve("cache"));
    store.config = DirectoryCacheConfig.plain();
    store.reopen();
  }

  @AfterEach
  void closeStore() throws IOException {
    store.close();
  }

  @Test
  void addFile_sameContentInTwoLayers_isAFileForEach() throws IOException {
    for (LayerCache layer : new LayerCache[] {store.layer(), store.otherLayer()}) {
      assertThat(layer.addFile(key(1), HELLO))
          .isEqualTo(new Published.Shared(store.own(layer.layer(), HELLO.digest())));
    }

    assertThat(status(store.own(LAYER, HELLO.digest())).links()).isEqualTo(1);
    assertThat(status(store.own(OTHER_LAYER, HELLO.digest())).links()).isEqualTo(1);
    assertThat(files(store.root.resolve("objects"))).isEmpty();
    assertThat(files(store.root.resolve("chunks"))).isEmpty();
    assertThat(files(store.root.resolve("fresh"))).isEmpty();
    assertThat(files(store.root.resolve("wip"))).isEmpty();
    assertThat(store.cache.counters().linksMade()).isZero();
  }

  @Test
  void adoptFile_otherLayerHasIt_isNotHad() {
    store.layer().addFile(key(1), HELLO);
    assertThat(store.otherLayer().adoptFile(key(1), HELLO.digest(), 5)).isFalse();
    assertThat(store.otherLayer().find(HELLO.digest(), 5)).isEmpty();
    assertThat(store.layer().adoptFile(key(1), HELLO.digest(), 5)).isTrue();
  }

  @Test
  void adoptFile_keptAsAPart_standsWhereTheKernelFindsIt() throws IOException {
    store.layer().addPart(key(1), HELLO);
    assertThat(store.own(LAYER, HELLO.digest())).doesNotExist();
    assertThat(store.layer().adoptFile(key(1), HELLO.digest(), 5)).isTrue();
    assertThat(store.own(LAYER, HELLO.digest())).hasContent("hello");
    assertThat(files(store.root.resolve("own"))).hasSize(1);
  }

  @Test
  void completeFile_allPartsThere_becomesOneFileAndItsPartsAreFoundInIt() throws IOException {
    BIG.addParts(store.layer(), 7);
    assertThat(BIG.complete(store.layer(), 7))
        .isEqualTo(new Published.Shared(store.own(LAYER, BIG.digest())));

    assertThat(files(store.root.resolve("own"))).containsExactly(store.own(LAYER, BIG.digest()));
    assertThat(store.own(LAYER, BIG.digest())).hasBinaryContent(BIG.bytes());
    VerifiedChunk middle = BIG.chunks().get(1);
    assertThat(readAndClose(store.layer().find(middle.digest(), middle.size()).orElseThrow()))
        .isEqualTo(middle.bytes());
  }

  @Test
  void completeFile_aPartWasOverwritten_isNotMadeAndThePartGoes() throws IOException {
    BIG.addParts(store.layer(), 7);
    Path part = temp.resolve("cache/own/" + LAYER.hex() + "/parts");
    Path victim =
        files(part).stream().filter(file -> size(file) == 300_000).findFirst().orElseThrow();
    Files.delete(victim);
    Files.write(victim, new byte[300_000]);

    assertThat(BIG.complete(store.layer(), 7)).isEqualTo(new Published.Uncached(Cause.CORRUPT));
    assertThat(victim).doesNotExist();
    assertThat(store.own(LAYER, BIG.digest())).doesNotExist();
  }

  private static long size(Path file) {
    return file.toFile().length();
  }

  @ParameterizedTest
  @EnumSource(
      value = Errno.class,
      names = {"ENOSPC", "EDQUOT", "EROFS", "EIO"})
  void addFile_diskRefuses_isUncachedAndLeavesNothing(Errno errno) throws IOException {
    store.faults.every("create", new Outcome.Answer(errno.number()));
    assertThat(store.layer().addFile(key(1), HELLO))
        .isEqualTo(new Published.Uncached(Cause.of(errno.number())));
    store.repair();
    store.faults.every("renameNew", new Outcome.Answer(errno.number()));
    assertThat(store.layer().addFile(key(1), HELLO))
        .isEqualTo(new Published.Uncached(Cause.of(errno.number())));
    assertThat(files(store.root)).noneMatch(file -> file.startsWith(store.root.resolve("wip")));
    assertThat(store.layer().find(HELLO.digest(), 5)).isEmpty();
  }

  @Test
  void removeLayer_itsCopiesGoAndNoOthers() throws IOException {
    store.layer().addFile(key(1), HELLO);
    store.otherLayer().addFile(key(1), HELLO);
    store.cache.removeLayer(LAYER);
    assertThat(files(store.root.resolve("own")))
        .containsExactly(store.own(OTHER_LAYER, HELLO.digest()));
  }

  @Test
  void verify_aCopyWasOverwritten_findsAndRemovesIt() throws IOException {
    store.layer().addFile(key(1), HELLO);
    Path own = store.own(LAYER, HELLO.digest());
    Files.delete(own);
    Files.writeString(own, "hallo");

    VerifyReport report = store.cache.verify(VerifyOptions.FULL.withRepair(), StoreProgress.NONE);

    assertThat(report.findings()).anyMatch(Finding.WrongBytes.class::isInstance);
    assertThat(own).doesNotExist();
  }

  @Test
  void scrub_overwrittenCopyAndPart_removesThemAndAsksForThem() throws IOException {
    VerifiedChunk part = chunk("a part");
    store.layer().addFile(key(1), HELLO);
    store.otherLayer().addFile(key(1), HELLO);
    store.layer().addPart(key(2), part);
    Path wrongPart =
        files(store.root.resolve("own").resolve(LAYER.hex()).resolve("parts")).getFirst();
    TestStore.overwrite(store.own(LAYER, HELLO.digest()), new byte[HELLO.size()]);
    TestStore.overwrite(wrongPart, new byte[1]);
    List<Digest> asked = new ArrayList<>();
    store.cache.heal(asked::add);

    store.cache.scrubPass();

    assertThat(asked).containsExactlyInAnyOrder(HELLO.digest(), part.digest());
    assertThat(store.own(LAYER, HELLO.digest())).doesNotExist();
    assertThat(wrongPart).doesNotExist();
    assertThat(store.own(OTHER_LAYER, HELLO.digest())).hasContent("hello");
    assertThat(store.cache.scrub().files()).isEqualTo(3);
    assertThat(store.cache.scrub().wrong()).isEqualTo(2);
  }

  @Test
  void get_openFileWasFoundDamaged_isNotGivenOut() throws IOException {
    store.layer().addFile(key(1), HELLO);
    ChunkDigest wanted = new ChunkDigest(HELLO.digest(), HELLO.size());
    store.layer().get(key(1), wanted).orElseThrow().close(); // it stays open
    TestStore.overwrite(store.own(LAYER, HELLO.digest()), new byte[HELLO.size()]);

    store.cache.scrubPass();

    assertThat(store.layer().get(key(1), wanted)).isEmpty();
  }

  @Test
  void open_linksAreRefused_isPlainWhateverIsConfigured() throws IOException {
    store.config = DirectoryCacheConfig.DEFAULT;
    store.faults.every("link", new Outcome.Answer(Errno.EPERM.number()));
    store.reopen();
    assertThat(store.cache.mode()).isEqualTo(CacheMode.PLAIN);
    assertThat(store.layer().addFile(key(1), HELLO))
        .isEqualTo(new Published.Shared(store.own(LAYER, HELLO.digest())));
  }

  /// A disk that is full now makes links later: nothing that is shared is thrown away.
  @Test
  void open_diskIsFull_staysShared() throws IOException {
    store.config = DirectoryCacheConfig.DEFAULT;
    store.faults.every("link", new Outcome.Answer(Errno.ENOSPC.number()));
    store.reopen();
    assertThat(store.cache.mode()).isEqualTo(CacheMode.SHARED);
  }
}
