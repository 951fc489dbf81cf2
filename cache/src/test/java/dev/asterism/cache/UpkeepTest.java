package dev.asterism.cache;

import static dev.asterism.cache.TestStore.LAYER;
import static dev.asterism.cache.TestStore.OTHER_LAYER;
import static dev.asterism.cache.TestStore.chunk;
import static dev.asterism.cache.TestStore.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Cleanup, verification and scrub.
final class UpkeepTest {
  private static final int SIZE = 6000;

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

  /// Overwrites a file behind the store's back, as root can.
  private static void overwrite(Path file, byte[] bytes) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Files.write(file, bytes);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
  }

  /// Years later than anything on the disk.
  private void later() throws IOException {
    store.cache.persist();
    store.clock.pass(Duration.ofDays(3000));
  }

  @Test
  void clean_unreferencedForLong_removesItAndKeepsWhatLayersHold() throws IOException {
    VerifiedChunk unused = added(store.otherLayer(), 1);
    VerifiedChunk used = added(store.layer(), 2);
    store.cache.removeLayer(OTHER_LAYER);
    later();

    CleanReport dry = store.cache.clean(CleanOptions.DEFAULT.withDryRun(true), StoreProgress.NONE);
    assertThat(dry.objects()).isOne();
    assertThat(store.object(unused.digest())).exists();

    CleanReport done = store.cache.clean(CleanOptions.DEFAULT, StoreProgress.NONE);
    assertThat(done).isEqualTo(dry);
    assertThat(store.object(unused.digest())).doesNotExist();
    assertThat(store.object(used.digest())).exists();
  }

  @Test
  void clean_unreferencedSinceAMoment_keepsIt() throws IOException {
    VerifiedChunk unused = added(store.otherLayer(), 1);
    store.cache.removeLayer(OTHER_LAYER);
    store.cache.persist();

    assertThat(store.cache.clean(CleanOptions.DEFAULT, StoreProgress.NONE).objects()).isZero();
    assertThat(store.object(unused.digest())).exists();
  }

  @Test
  void clean_layerThatIsCompiledNoMore_takesItsLinksAndMappings() throws Exception {
    added(store.layer(), 1);
    added(store.otherLayer(), 2);
    store.reopen();
    store.cache.awaitIndex();
    assertThat(store.cache.holdings().keys()).isEqualTo(2);
    store.cache.compiledLayers(() -> Set.of(OTHER_LAYER));

    CleanReport report = store.cache.clean(CleanOptions.DEFAULT, StoreProgress.NONE);

    assertThat(report.layersGone()).containsExactly(LAYER);
    assertThat(store.cache.layers()).containsExactly(OTHER_LAYER);
    assertThat(store.cache.holdings().keys()).isEqualTo(1);
  }

  @Test
  void clean_linksOfAnEvictionThatWasKilled_takesThemAndTheirDirectories() throws IOException {
    VerifiedChunk chunk = added(store.layer(), 1);
    store.reopen();
    Files.delete(store.object(chunk.digest()));
    Files.delete(store.fresh(chunk.digest()));

    CleanReport report = store.cache.clean(CleanOptions.DEFAULT, StoreProgress.NONE);

    assertThat(report.staleLinks()).isOne();
    assertThat(report.emptyDirectories()).isEqualTo(2);
    assertThat(store.root.resolve("layers")).isEmptyDirectory();
  }

  @Test
  void clean_staleFileWhoseDigestTheStoreHas_linksTheLayerToThat() throws IOException {
    VerifiedChunk chunk = added(store.layer(), 1);
    Path link = store.key(LAYER, 1, 0);
    Files.delete(link);
    Files.write(link, chunk.bytes());

    CleanReport report = store.cache.clean(CleanOptions.DEFAULT, StoreProgress.NONE);

    assertThat(report.staleLinks()).isOne();
    assertThat(TestStore.status(link).inode())
        .isEqualTo(TestStore.status(store.object(chunk.digest())).inode());
  }

  @Test
  void verify_rightStore_findsNothing() throws IOException {
    added(store.layer(), 1);
    store.otherLayer().addFile(key(4), chunk(1, SIZE));
    TestStore.BigFile file = TestStore.BigFile.of(10, 5000, 9000);
    file.addParts(store.layer(), 3);
    file.complete(store.layer(), 3);

    VerifyReport report = store.cache.verify(VerifyOptions.FULL, StoreProgress.NONE);

    assertThat(report.findings()).isEmpty();
    assertThat(report.bytes()).isEqualTo(SIZE + file.size());
  }

  @Test
  void verify_everythingThatCanBeWrong_isFoundAndRepaired() throws IOException {
    VerifiedChunk wrong = added(store.layer(), 1);
    VerifiedChunk empty = added(store.layer(), 2);
    VerifiedChunk writable = added(store.layer(), 3);
    VerifiedChunk gone = added(store.layer(), 4);
    VerifiedChunk foreign = added(store.layer(), 5);
    overwrite(store.object(wrong.digest()), new byte[SIZE]);
    overwrite(store.object(empty.digest()), new byte[0]);
    Files.setPosixFilePermissions(
        store.object(writable.digest()), PosixFilePermissions.fromString("rw-r--r--"));
    Files.delete(store.object(gone.digest()));
    Files.createLink(directory.resolve("elsewhere"), store.object(foreign.digest()));
    Path stranger = Files.writeString(store.object(wrong.digest()).resolveSibling("README"), "x");

    List<Finding> found = store.cache.verify(VerifyOptions.FULL, StoreProgress.NONE).findings();
    assertThat(found)
        .extracting(Finding::getClass)
        .extracting(Class::getSimpleName)
        .contains(
            "WrongBytes",
            "Empty",
            "Writable",
            "OrphanFresh",
            "ForeignLinks",
            "Stranger",
            "StaleLink");
    assertThat(found).noneMatch(Finding::repaired);

    store.cache.verify(VerifyOptions.FULL.withRepair(), StoreProgress.NONE);
    List<Finding> left =
        store.cache.verify(VerifyOptions.FULL.withRepair(), StoreProgress.NONE).findings();
    List<Finding> after =
        new ArrayList<>(store.cache.verify(VerifyOptions.FULL, StoreProgress.NONE).findings());
    assertThat(after)
        .extracting(Finding::getClass)
        .extracting(Class::getSimpleName)
        .containsExactlyInAnyOrder("ForeignLinks", "Stranger");
    assertThat(left).hasSizeLessThan(found.size());
    assertThat(stranger).exists();
    assertThat(store.object(wrong.digest())).doesNotExist();
    assertThat(store.fresh(wrong.digest())).doesNotExist();
  }

  @Test
  void scrub_overwrittenFile_removesItAndAsksForIt() throws IOException {
    VerifiedChunk wrong = added(store.layer(), 1);
    VerifiedChunk right = added(store.layer(), 2);
    overwrite(store.object(wrong.digest()), new byte[SIZE]);
    List<Digest> asked = new ArrayList<>();
    store.cache.heal(asked::add);

    store.cache.scrubPass();

    assertThat(asked).containsExactly(wrong.digest());
    assertThat(store.object(wrong.digest())).doesNotExist();
    assertThat(store.fresh(wrong.digest())).doesNotExist();
    assertThat(store.object(right.digest())).exists();
    assertThat(store.cache.scrub().wrong()).isOne();
    assertThat(store.cache.scrub().files()).isEqualTo(2);
    assertThat(store.cache.scrub().lastComplete()).isPresent();

    assertThat(store.layer().addFile(key(1), wrong)).isInstanceOf(Published.Shared.class);
    assertThat(TestStore.status(store.key(LAYER, 1, 0)).inode())
        .isEqualTo(TestStore.status(store.object(wrong.digest())).inode());
  }

  @Test
  void scrub_restart_goesOnWhereItWas() throws IOException {
    added(store.layer(), 1);
    Files.writeString(
        store.root.resolve("scrub"),
        "1 next=511 begun=5 complete=3 files=70 bytes=80 wrong=2 healed=1\n");
    store.reopen();

    assertThat(store.cache.scrub().files()).isEqualTo(70);
    store.cache.scrubPass();
    assertThat(store.cache.scrub().files()).isEqualTo(70);

    store.cache.scrubPass();
    assertThat(store.cache.scrub().files()).isOne();
    assertThat(store.cache.scrub().wrong()).isEqualTo(2);
  }

  @Test
  void scrub_foreignState_beginsAnew() throws IOException {
    added(store.layer(), 1);
    Files.writeString(store.root.resolve("scrub"), "2 next=99999 nonsense");
    store.reopen();
    store.cache.scrubPass();
    assertThat(store.cache.scrub().files()).isOne();
  }

  @Test
  void openOffline_cacheInUse_saysSo() throws IOException {
    assertThatThrownBy(() -> DirectoryCache.openOffline(store.root, store.clock))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("another daemon uses this cache");
  }
}
