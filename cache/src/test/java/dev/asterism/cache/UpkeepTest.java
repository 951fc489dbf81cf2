package dev.asterism.cache;

import static dev.asterism.cache.TestStore.LAYER;
import static dev.asterism.cache.TestStore.OTHER_LAYER;
import static dev.asterism.cache.TestStore.chunk;
import static dev.asterism.cache.TestStore.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.cache.index.LinksIndex;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.testkit.disk.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
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
  void clean_fileAndLinkGoneBehindOurBack_forgetsTheirMappings() throws Exception {
    VerifiedChunk lost = added(store.layer(), 1);
    VerifiedChunk unlinked = added(store.layer(), 2);
    VerifiedChunk kept = added(store.layer(), 3);
    store.cache.awaitIndex();
    Files.delete(store.object(lost.digest()));
    Files.delete(store.fresh(lost.digest()));
    Files.delete(store.key(LAYER, 2, 0));

    CleanReport report = store.cache.clean(CleanOptions.DEFAULT, StoreProgress.NONE);

    LinksIndex index = store.cache.index();
    assertThat(index.find(lost.digest())).isEmpty();
    assertThat(index.find(LAYER, 1, 0)).isEmpty();
    assertThat(index.find(unlinked.digest())).isPresent();
    assertThat(index.find(LAYER, 2, 0)).isEmpty();
    assertThat(index.find(LAYER, 3, 0).orElseThrow().digest()).isEqualTo(kept.digest());
    assertThat(report.staleLinks()).isOne();
    assertThat(report.lostMappings()).isEqualTo(2);
    assertThat(store.cache.clean(CleanOptions.DEFAULT, StoreProgress.NONE).lostMappings()).isZero();
  }

  @Test
  void clean_fileCutShort_removesItAndAsksForIt() throws Exception {
    VerifiedChunk cut = added(store.layer(), 1);
    store.cache.awaitIndex();
    TestStore.overwrite(store.object(cut.digest()), new byte[SIZE - 1]);
    List<Digest> asked = new ArrayList<>();
    store.cache.heal(asked::add);

    store.cache.clean(CleanOptions.DEFAULT, StoreProgress.NONE);

    assertThat(asked).containsExactly(cut.digest());
    assertThat(store.object(cut.digest())).doesNotExist();
    assertThat(store.cache.index().find(cut.digest())).isEmpty();
  }

  @Test
  void clean_staleLink_indexFollowsWhatBecomesOfIt() throws Exception {
    VerifiedChunk replaced = added(store.layer(), 1);
    VerifiedChunk gone = chunk(2, SIZE);
    store.cache.awaitIndex();
    Path link = store.key(LAYER, 1, 0);
    Files.delete(link);
    Files.write(link, replaced.bytes());
    store.cache.index().unlinked(LAYER, 1, 0);
    Files.write(link.resolveSibling("2-0"), gone.bytes());
    store.cache.index().linked(LAYER, 2, 0, replaced.digest());

    store.cache.clean(CleanOptions.DEFAULT, StoreProgress.NONE);

    assertThat(store.cache.index().find(LAYER, 1, 0).orElseThrow().digest())
        .isEqualTo(replaced.digest());
    assertThat(store.cache.index().find(LAYER, 2, 0)).isEmpty();
  }

  /// Who gives the key its right link has another digest's lock.
  @Test
  void clean_keyGetsItsLinkWhileAStaleOneIsTaken_keepsTheLink() throws Exception {
    VerifiedChunk right = added(store.otherLayer(), 1);
    added(store.layer(), 2);
    Path link = store.key(LAYER, 2, 0).resolveSibling("1-0");
    Files.writeString(link, "nobody's");
    store.faults.once(
        "rename",
        call -> call.text(0).equals(link.toString()),
        new Outcome.After(() -> store.layer().adoptFile(key(1), right.digest(), SIZE)));

    assertThat(store.cache.clean(CleanOptions.DEFAULT, StoreProgress.NONE).staleLinks()).isZero();

    assertThat(TestStore.status(link).inode())
        .isEqualTo(TestStore.status(store.object(right.digest())).inode());
  }

  @Test
  void clean_whileManyAddAndRead_forgetsNothingThatStands() throws Exception {
    store.cache.awaitIndex();
    AtomicBoolean done = new AtomicBoolean();
    Thread cleaner =
        Thread.ofPlatform()
            .start(() -> {
              while (!done.get()) {
                try {
                  store.cache.clean(CleanOptions.DEFAULT, StoreProgress.NONE);
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              }
            });
    List<VerifiedChunk> all = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      all.add(added(i % 2 == 0 ? store.layer() : store.otherLayer(), i));
      assertThat(store.read(all.get(i / 2).digest(), SIZE)).isPresent();
    }
    done.set(true);
    cleaner.join();

    assertThat(store.cache.index().digests()).isEqualTo(400);
    assertThat(store.cache.index().keys()).isEqualTo(400);
    assertThat(store.cache.verify(VerifyOptions.FULL, StoreProgress.NONE).findings()).isEmpty();
  }

  @Test
  void verify_keysOfTheIndexAndLinksDiffer_isFoundAndRepaired() throws Exception {
    VerifiedChunk one = added(store.layer(), 1);
    VerifiedChunk two = added(store.layer(), 2);
    added(store.layer(), 3);
    store.cache.awaitIndex();
    LinksIndex index = store.cache.index();
    index.unlinked(LAYER, 1, 0); // the link stands
    index.linked(LAYER, 2, 0, one.digest()); // and is one of another file
    Files.delete(store.key(LAYER, 3, 0));

    List<Finding> found = store.cache.verify(VerifyOptions.QUICK, StoreProgress.NONE).findings();
    assertThat(found)
        .extracting(finding -> finding.getClass().getSimpleName())
        .containsExactlyInAnyOrder("NotKnown", "NotKnown", "Lost");
    assertThat(found).noneMatch(Finding::repaired);

    assertThat(store.cache.verify(VerifyOptions.QUICK.withRepair(), StoreProgress.NONE).findings())
        .hasSize(3)
        .allMatch(Finding::repaired);
    assertThat(store.cache.verify(VerifyOptions.QUICK, StoreProgress.NONE).findings()).isEmpty();
    assertThat(index.find(LAYER, 1, 0).orElseThrow().digest()).isEqualTo(one.digest());
    assertThat(index.find(LAYER, 2, 0).orElseThrow().digest()).isEqualTo(two.digest());
    assertThat(index.find(LAYER, 3, 0)).isEmpty();
  }

  @Test
  void verify_unreadableFile_repairRemovesItAndAsksForIt() throws Exception {
    VerifiedChunk bad = added(store.layer(), 1);
    List<Digest> asked = new ArrayList<>();
    store.cache.heal(asked::add);
    store.faults.when(
        "open",
        call -> call.text(0).equals(store.object(bad.digest()).toString()),
        new Outcome.Failure(() -> new IOException("Input/output error")));

    List<Finding> found = store.cache.verify(VerifyOptions.FULL, StoreProgress.NONE).findings();
    assertThat(found).hasAtLeastOneElementOfType(Finding.Unreadable.class);
    assertThat(found).noneMatch(Finding::repaired);
    assertThat(store.object(bad.digest())).exists();
    assertThat(asked).isEmpty();

    found = store.cache.verify(VerifyOptions.FULL.withRepair(), StoreProgress.NONE).findings();
    assertThat(found)
        .filteredOn(Finding.Unreadable.class::isInstance)
        .isNotEmpty()
        .allMatch(Finding::repaired);
    assertThat(store.object(bad.digest())).doesNotExist();
    assertThat(asked).containsExactly(bad.digest());
  }

  @Test
  void verified_publishedScrubbedVerifiedAndRestored_tellsWhen() throws Exception {
    VerifiedChunk chunk = added(store.layer(), 1);
    store.cache.awaitIndex();
    int published = verifiedAt(chunk);
    assertThat(published).isEqualTo(store.clock.millis() / 1000);

    store.clock.pass(Duration.ofHours(1));
    store.otherLayer().addFile(key(2), chunk); // a link hashes nothing
    assertThat(verifiedAt(chunk)).isEqualTo(published);

    store.cache.scrubPass();
    assertThat(verifiedAt(chunk)).isEqualTo(published + 3600);

    store.clock.pass(Duration.ofHours(1));
    store.cache.verify(VerifyOptions.QUICK, StoreProgress.NONE);
    assertThat(verifiedAt(chunk)).isEqualTo(published + 3600);
    store.cache.verify(VerifyOptions.FULL, StoreProgress.NONE);
    assertThat(verifiedAt(chunk)).isEqualTo(published + 7200);

    store.reopen();
    store.cache.awaitIndex();
    assertThat(verifiedAt(chunk)).isEqualTo(published + 7200);
  }

  private int verifiedAt(VerifiedChunk chunk) {
    return store.cache.index().find(chunk.digest()).orElseThrow().verified();
  }

  @Test
  void progress_cleanAndVerify_tellOfHowManyAndReachIt() throws Exception {
    for (int i = 0; i < 200; i++) {
      added(store.layer(), i);
    }
    store.cache.awaitIndex();
    Map<String, List<Long>> shares = new TreeMap<>(); // of the whole, in percent
    StoreProgress progress =
        (phase, done, total) -> {
          assertThat(total).as(phase).isPositive();
          assertThat(done).as(phase).isBetween(0L, total);
          shares.computeIfAbsent(phase, _ -> new ArrayList<>()).add(100 * done / total);
        };

    store.cache.clean(CleanOptions.DEFAULT, progress);
    store.cache.verify(VerifyOptions.FULL, progress);

    assertThat(shares).containsKeys("files", "unused files", "mappings", "links of layers");
    assertThat(shares.get("files")).isSorted().hasSizeGreaterThan(3);
    assertThat(shares.getOrDefault("files", List.of()).getLast()).isGreaterThan(80L);
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

  /// As a daemon at work does: files come after the digests, and before the links, were looked at.
  @Test
  void verify_filesThatComeMeanwhile_areRight() throws IOException {
    added(store.layer(), 1);
    VerifiedChunk wrong = added(store.layer(), 2);
    TestStore.overwrite(store.object(wrong.digest()), new byte[SIZE]);
    List<String> phases = new ArrayList<>();
    StoreProgress publishing =
        (phase, _, _) -> {
          if (phase.equals("links of layers") && !phases.contains(phase)) {
            added(store.layer(), 3);
            added(store.layer(), 2); // again, as who reads it does
          }
          phases.add(phase);
        };

    List<Finding> found =
        store.cache.verify(VerifyOptions.FULL.withRepair(), publishing).findings();

    assertThat(found).allMatch(Finding::repaired).isNotEmpty();
    assertThat(phases).contains("links of layers");
    assertThat(store.cache.verify(VerifyOptions.FULL, StoreProgress.NONE).findings()).isEmpty();
  }

  @Test
  void verify_everythingThatCanBeWrong_isFoundAndRepaired() throws IOException {
    VerifiedChunk wrong = added(store.layer(), 1);
    VerifiedChunk empty = added(store.layer(), 2);
    VerifiedChunk writable = added(store.layer(), 3);
    VerifiedChunk gone = added(store.layer(), 4);
    VerifiedChunk foreign = added(store.layer(), 5);
    TestStore.overwrite(store.object(wrong.digest()), new byte[SIZE]);
    TestStore.overwrite(store.object(empty.digest()), new byte[0]);
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
    TestStore.overwrite(store.object(wrong.digest()), new byte[SIZE]);
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
  void scrub_filesComeBackMeanwhile_areAllCounted() throws Exception {
    added(store.layer(), 1);
    int many = 100_000;
    Thread healing =
        Thread.ofPlatform()
            .start(() -> {
              for (int i = 0; i < many; i++) {
                store.cache.healed();
              }
            });
    while (healing.isAlive()) {
      store.cache.scrubPass();
    }

    assertThat(store.cache.scrub().healed()).isEqualTo(many);
    assertThat(store.cache.scrub().files()).isOne();
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

  /// A layer's link to a file that has gone is replaced by way of a name that is not counted.
  @Test
  void verify_whileALinkIsReplaced_findsNoLinksOfOthers() throws Exception {
    VerifiedChunk chunk = added(store.layer(), 1);
    Files.delete(store.object(chunk.digest()));
    Files.delete(store.fresh(chunk.digest()));
    List<Finding> found = new CopyOnWriteArrayList<>();
    Thread verifying =
        new Thread(() -> {
          try {
            found.addAll(store.cache.verify(VerifyOptions.FULL, StoreProgress.NONE).findings());
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    store.faults.once(
        "rename",
        call -> call.text(1).contains("/layers/"),
        new Outcome.After(() -> {
          verifying.start();
          while (verifying.isAlive() && verifying.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
          }
        }));

    added(store.layer(), 1);

    verifying.join();
    assertThat(found).doesNotHaveAnyElementsOfTypes(Finding.ForeignLinks.class);
  }
}
