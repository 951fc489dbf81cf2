package dev.asterism.cache;

import static dev.asterism.cache.TestStore.LAYER;
import static dev.asterism.cache.TestStore.OTHER_LAYER;
import static dev.asterism.cache.TestStore.chunk;
import static dev.asterism.cache.TestStore.files;
import static dev.asterism.cache.TestStore.key;
import static dev.asterism.cache.TestStore.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.cache.TestStore.BigFile;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.linux.Errno;
import dev.asterism.testkit.disk.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CompleteFileTest {
  private static final BigFile BIG = BigFile.of(1, 300_000, 300_000, 1);

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
  void completeFile_allPartsThere_becomesOneObjectAndThePartsGo() throws IOException {
    BIG.addParts(store.layer(), 7);

    Published published = BIG.complete(store.layer(), 7);

    Path object = store.object(BIG.digest());
    assertThat(published).isEqualTo(new Published.Shared(object));
    assertThat(object).hasBinaryContent(BIG.bytes());
    assertThat(Files.getPosixFilePermissions(object))
        .isEqualTo(PosixFilePermissions.fromString("r--r--r--"));
    assertThat(files(store.root.resolve("chunks"))).isEmpty();
    assertThat(files(store.root.resolve("fresh"))).containsExactly(store.fresh(BIG.digest()));
    assertThat(files(store.root.resolve("layers"))).containsExactly(store.key(LAYER, 7, 0));
    assertThat(status(object).links()).isEqualTo(3);
    assertThat(files(store.root.resolve("wip"))).isEmpty();
  }

  @Test
  void find_partOfACompletedFile_isARegionOfIt() throws IOException {
    BIG.addParts(store.layer(), 7);
    BIG.complete(store.layer(), 7);
    VerifiedChunk middle = BIG.chunks().get(1);
    assertThat(store.read(middle.digest(), middle.size())).hasValue(middle.bytes());
    assertThat(store.cache.holds(middle.digest(), middle.size())).isTrue();
    assertThat(store.layer().adoptPart(new ChunkKey(8, 0), middle.digest(), middle.size()))
        .isFalse();
  }

  @Test
  void completeFile_partsThatAnotherLayerHolds_stay() throws IOException {
    BIG.addParts(store.layer(), 7);
    VerifiedChunk shared = BIG.chunks().get(1);
    store.otherLayer().addPart(new ChunkKey(3, 0), shared);
    BIG.complete(store.layer(), 7);
    assertThat(files(store.root.resolve("chunks"))).containsExactly(store.part(shared.digest()));
    assertThat(status(store.part(shared.digest())).links()).isEqualTo(3);
    assertThat(store.key(OTHER_LAYER, 3, 0)).exists();
  }

  @Test
  void completeFile_partsFromRegionsOfAnotherFile_needsNoChunk() throws IOException {
    BIG.addParts(store.layer(), 7);
    BIG.complete(store.layer(), 7);
    VerifiedChunk tail = chunk("a new tail");
    BigFile next = BigFile.of(1, 300_000, 300_000);
    List<VerifiedChunk> chunks = new ArrayList<>(next.chunks());
    chunks.add(tail);
    store.otherLayer().addPart(new ChunkKey(9, 600_000), tail);
    BigFile changed = BigFile.of(chunks);
    assertThat(changed.complete(store.otherLayer(), 9)).isInstanceOf(Published.Shared.class);
    assertThat(store.object(changed.digest())).hasBinaryContent(changed.bytes());
  }

  @Test
  void completeFile_objectThereAlready_isOneLinkAndTheLayersPartsGo() throws IOException {
    BIG.addParts(store.layer(), 7);
    BIG.complete(store.layer(), 7);
    long created = store.faults.calls("createOpen");
    VerifiedChunk first = BIG.chunks().getFirst();
    store.otherLayer().addPart(new ChunkKey(4, 0), first);

    assertThat(BIG.complete(store.otherLayer(), 4)).isInstanceOf(Published.Shared.class);

    assertThat(store.faults.calls("createOpen")).isEqualTo(created);
    assertThat(status(store.object(BIG.digest())).links()).isEqualTo(4);
    assertThat(files(store.root.resolve("chunks"))).isEmpty();
  }

  @Test
  void completeFile_partMissing_isUncachedAndThePartsStay() throws IOException {
    store.layer().addPart(new ChunkKey(7, 0), BIG.chunks().getFirst());
    assertThat(BIG.complete(store.layer(), 7)).isEqualTo(new Published.Uncached(Cause.MISSING));
    assertThat(store.part(BIG.chunks().getFirst().digest())).exists();
    assertThat(files(store.root.resolve("wip"))).isEmpty();
  }

  @Test
  void completeFile_partOverwrittenBehindOurBack_isCorruptAndOnlyThatPartGoes() throws IOException {
    BIG.addParts(store.layer(), 7);
    Path part = store.part(BIG.chunks().get(1).digest());
    byte[] bytes = Files.readAllBytes(part);
    bytes[1000] ^= 1;
    Files.setPosixFilePermissions(part, PosixFilePermissions.fromString("rw-------"));
    Files.write(part, bytes);

    assertThat(BIG.complete(store.layer(), 7)).isEqualTo(new Published.Uncached(Cause.CORRUPT));

    assertThat(part).doesNotExist();
    assertThat(store.object(BIG.digest())).doesNotExist();
    assertThat(store.part(BIG.chunks().getFirst().digest())).exists();
    BIG.addParts(store.layer(), 7);
    assertThat(BIG.complete(store.layer(), 7)).isInstanceOf(Published.Shared.class);
  }

  @Test
  void completeFile_digestOfOtherBytes_isCorruptAndKeepsTheParts() throws IOException {
    BIG.addParts(store.layer(), 7);
    Published published =
        store.layer().completeFile(7, chunk("lie").digest(), BIG.size(), BIG.parts());
    assertThat(published).isEqualTo(new Published.Uncached(Cause.CORRUPT));
    assertThat(files(store.root.resolve("chunks"))).hasSize(3);
    assertThat(files(store.root.resolve("objects"))).isEmpty();
  }

  @Test
  void completeFile_gapBetweenParts_isABugOfTheCaller() {
    List<PartOfFile> parts = List.of(BIG.parts().getFirst(), BIG.parts().getLast());
    assertThatThrownBy(() -> store.layer().completeFile(7, BIG.digest(), BIG.size(), parts))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void completeFile_diskFull_isUncachedAndThePartsStillServe() throws IOException {
    BIG.addParts(store.layer(), 7);
    store.faults.every(
        "createOpen", new Outcome.Failure(() -> new IOException("No space left on device")));
    assertThat(BIG.complete(store.layer(), 7)).isEqualTo(new Published.Uncached(Cause.NO_SPACE));
    VerifiedChunk part = BIG.chunks().getFirst();
    assertThat(store.read(part.digest(), part.size())).hasValue(part.bytes());
  }

  @Test
  void noteRegions_afterARestart_findsPartsInTheObject() throws IOException {
    BIG.addParts(store.layer(), 7);
    BIG.complete(store.layer(), 7);
    store.reopen();
    VerifiedChunk part = BIG.chunks().get(1);
    assertThat(store.cache.find(part.digest(), part.size())).isEmpty();
    store.layer().noteRegions(BIG.digest(), BIG.parts());
    assertThat(store.read(part.digest(), part.size())).hasValue(part.bytes());
  }

  @Test
  void noteRegions_aTocThatLies_isNeverBelieved() throws IOException {
    VerifiedChunk secret = chunk("what another image is made of");
    BIG.addParts(store.layer(), 7);
    BIG.complete(store.layer(), 7);
    List<PartOfFile> lie = List.of(new PartOfFile(0, secret.digest(), secret.size()));
    store.layer().noteRegions(BIG.digest(), lie);
    assertThat(store.cache.find(secret.digest(), secret.size())).isEmpty();
    assertThat(store.cache.holds(secret.digest(), secret.size())).isFalse();
  }

  @Test
  void completeFile_objectThereAndPartsThatLie_provesNothing() throws IOException {
    VerifiedChunk file = chunk("the whole file");
    VerifiedChunk other = chunk("some other one");
    store.layer().addFile(key(1), file);
    List<PartOfFile> lie = List.of(new PartOfFile(0, other.digest(), file.size()));
    store.otherLayer().completeFile(1, file.digest(), file.size(), lie);
    assertThat(store.cache.find(other.digest(), other.size())).isEmpty();
  }

  @Test
  void find_regionOfAnObjectThatIsGone_isAbsent() throws IOException {
    BIG.addParts(store.layer(), 7);
    BIG.complete(store.layer(), 7);
    Files.delete(store.object(BIG.digest()));
    VerifiedChunk part = BIG.chunks().getFirst();
    assertThat(store.cache.find(part.digest(), part.size())).isEmpty();
    assertThat(store.cache.holds(part.digest(), part.size())).isFalse();
  }

  @Test
  void completeFile_fileSystemClones_writesNoBytesItself() throws IOException {
    store.cache.close();
    store.faults.every("cloneRange", new Outcome.Answer(0));
    store.reopen();
    assertThat(store.cache.abilities().sharesBlocks()).isTrue();
    BigFile aligned = BigFile.of(1, 8192, 8192, 1);
    aligned.addParts(store.layer(), 7);
    aligned.complete(store.layer(), 7);
    assertThat(store.cache.counters().bytesCloned()).isEqualTo(aligned.size());
  }

  @Test
  void completeFile_cloneRefused_isCopied() throws IOException {
    store.cache.close();
    store.faults.once("cloneRange", _ -> true, new Outcome.Answer(0));
    store.faults.every("cloneRange", new Outcome.Answer(Errno.EINVAL.number()));
    store.reopen();
    BIG.addParts(store.layer(), 7);
    BIG.complete(store.layer(), 7);
    assertThat(store.object(BIG.digest())).hasBinaryContent(BIG.bytes());
    assertThat(store.cache.counters().bytesCloned()).isZero();
  }
}
