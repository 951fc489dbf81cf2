package dev.asterism.cache;

import static dev.asterism.cache.TestStore.LAYER;
import static dev.asterism.cache.TestStore.OTHER_LAYER;
import static dev.asterism.cache.TestStore.chunk;
import static dev.asterism.cache.TestStore.files;
import static dev.asterism.cache.TestStore.key;
import static dev.asterism.cache.TestStore.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.VerifiedChunk;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DirectoryCacheTest {
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

  @Test
  void addFile_newDigest_standsInObjectsFreshAndLayerAsOneReadOnlyFile() throws IOException {
    Published published = store.layer().addFile(key(7), HELLO);

    Path object = store.object(HELLO.digest());
    assertThat(published).isEqualTo(new Published.Shared(object));
    assertThat(object).hasContent("hello");
    assertThat(Files.getPosixFilePermissions(object))
        .isEqualTo(PosixFilePermissions.fromString("r--r--r--"));
    assertThat(status(object).links()).isEqualTo(3);
    assertThat(Files.isSameFile(object, store.fresh(HELLO.digest()))).isTrue();
    assertThat(Files.isSameFile(object, store.key(LAYER, 7, 0))).isTrue();
    assertThat(files(store.root.resolve("wip"))).isEmpty();
  }

  @Test
  void addFile_digestOfAnotherLayer_isOneMoreLinkAndWritesNothing() throws IOException {
    store.layer().addFile(key(7), HELLO);
    long written = store.faults.calls("create");

    store.otherLayer().addFile(key(300), HELLO);

    assertThat(store.faults.calls("create")).isEqualTo(written);
    assertThat(status(store.object(HELLO.digest())).links()).isEqualTo(4);
    assertThat(store.key(OTHER_LAYER, 300, 0)).hasContent("hello");
    assertThat(store.cache.counters().bytesShared()).isEqualTo(5);
    assertThat(store.cache.counters().filesAdded()).isEqualTo(1);
  }

  @Test
  void addFile_again_changesNothing() throws IOException {
    store.layer().addFile(key(7), HELLO);
    store.layer().addFile(key(7), HELLO);
    assertThat(status(store.object(HELLO.digest())).links()).isEqualTo(3);
    assertThat(files(store.root.resolve("wip"))).isEmpty();
  }

  @Test
  void addFile_empty_isNotStored() throws IOException {
    assertThat(store.layer().addFile(key(1), chunk("")))
        .isEqualTo(new Published.Uncached(Cause.EMPTY));
    assertThat(store.cache.holds(chunk("").digest(), 0)).isFalse();
    assertThat(store.layer().adoptFile(key(1), chunk("").digest(), 0)).isFalse();
    assertThat(files(store.root.resolve("objects"))).isEmpty();
  }

  @Test
  void addPart_newDigest_standsInChunksAndNotInObjects() throws IOException {
    Published published = store.layer().addPart(new ChunkKey(7, 4096), HELLO);
    assertThat(published).isEqualTo(new Published.Shared(store.part(HELLO.digest())));
    assertThat(store.object(HELLO.digest())).doesNotExist();
    assertThat(store.key(LAYER, 7, 4096)).hasContent("hello");
  }

  @Test
  void addPart_digestOfAWholeFile_linksTheObject() throws IOException {
    store.layer().addFile(key(7), HELLO);
    Published published = store.layer().addPart(new ChunkKey(8, 4096), HELLO);
    assertThat(published).isEqualTo(new Published.Shared(store.object(HELLO.digest())));
    assertThat(store.part(HELLO.digest())).doesNotExist();
    assertThat(status(store.object(HELLO.digest())).links()).isEqualTo(4);
  }

  @Test
  void addFile_digestOfAPart_givesItANameInObjectsAndFresh() throws IOException {
    store.layer().addPart(new ChunkKey(7, 4096), HELLO);
    store.clock.pass(TestStore.AGE);
    store.cache.persist();
    assertThat(store.fresh(HELLO.digest())).doesNotExist();

    assertThat(store.otherLayer().adoptFile(key(3), HELLO.digest(), 5)).isTrue();

    assertThat(store.object(HELLO.digest())).hasContent("hello");
    assertThat(store.fresh(HELLO.digest())).exists();
    assertThat(store.part(HELLO.digest())).doesNotExist();
    assertThat(status(store.object(HELLO.digest())).links()).as("two layers hold it").isEqualTo(4);
  }

  @Test
  void adopt_absent_isFalseAndLeavesNothing() throws IOException {
    assertThat(store.layer().adoptFile(key(1), HELLO.digest(), 5)).isFalse();
    assertThat(store.layer().adoptPart(key(1), HELLO.digest(), 5)).isFalse();
    assertThat(files(store.root.resolve("layers"))).isEmpty();
  }

  @Test
  void find_fileOrPart_readsItsBytes() throws IOException {
    VerifiedChunk part = chunk(1, 100_000);
    store.layer().addFile(key(7), HELLO);
    store.layer().addPart(new ChunkKey(8, 0), part);
    assertThat(store.read(HELLO.digest(), 5)).hasValue(HELLO.bytes());
    assertThat(store.read(part.digest(), part.size())).hasValue(part.bytes());
    assertThat(store.cache.holds(part.digest(), part.size())).isTrue();
    assertThat(store.read(chunk("absent").digest(), 6)).isEmpty();
  }

  @Test
  void find_truncatedBehindOurBack_isAbsentAndGoneUntilAddedAgain() throws IOException {
    store.layer().addFile(key(7), HELLO);
    Files.delete(store.object(HELLO.digest()));
    Files.writeString(store.object(HELLO.digest()), "hel");

    assertThat(store.cache.holds(HELLO.digest(), 5)).isFalse();
    assertThat(store.object(HELLO.digest())).doesNotExist();

    store.layer().addFile(key(7), HELLO);
    assertThat(store.read(HELLO.digest(), 5)).hasValue(HELLO.bytes());
    assertThat(Files.isSameFile(store.object(HELLO.digest()), store.key(LAYER, 7, 0))).isTrue();
    assertThat(store.cache.counters().damaged()).isEqualTo(1);
  }

  @Test
  void get_truncatedBehindOurBack_readThrowsOnceAndItIsGone() throws IOException {
    ChunkDigest digest = new ChunkDigest(HELLO.digest(), 5);
    store.layer().addFile(key(7), HELLO);
    try (FileChannel object =
        FileChannel.open(store.object(HELLO.digest()), StandardOpenOption.WRITE)) {
      object.truncate(3);
    }

    try (CachedChunk found = store.layer().get(key(7), digest).orElseThrow();
        CachedChunk again = store.layer().get(key(7), digest).orElseThrow()) {
      assertThatThrownBy(() -> found.read(0, ByteBuffer.allocate(5)))
          .isInstanceOf(EOFException.class)
          .hasMessageContaining(HELLO.digest().hex());
      assertThat(again.source()).isEqualTo(CachedChunk.Source.OPEN_FILE);
    }
    assertThat(store.object(HELLO.digest())).doesNotExist();
    assertThat(store.layer().get(key(7), digest)).isEmpty();
    assertThat(store.cache.counters().damaged()).isEqualTo(1);

    store.layer().addFile(key(7), HELLO);
    assertThat(store.read(HELLO.digest(), 5)).hasValue(HELLO.bytes());
  }

  @Test
  void adoptFile_fileThatTheIndexDoesNotKnow_isTakenWhenItWasRead() throws Exception {
    store.cache.awaitIndex();
    Files.createDirectories(store.object(HELLO.digest()).getParent());
    Files.write(store.object(HELLO.digest()), HELLO.bytes());
    assertThat(store.layer().adoptFile(key(7), HELLO.digest(), 5)).isFalse();

    assertThat(store.read(HELLO.digest(), 5)).hasValue(HELLO.bytes());
    assertThat(store.layer().adoptFile(key(7), HELLO.digest(), 5)).isTrue();
  }

  @Test
  void find_objectDeletedBehindOurBack_isAbsentAndCanBeAddedAgain() throws IOException {
    store.layer().addFile(key(7), HELLO);
    Files.delete(store.object(HELLO.digest()));
    assertThat(store.cache.find(HELLO.digest(), 5)).isEmpty();
    assertThat(store.layer().addFile(key(7), HELLO)).isInstanceOf(Published.Shared.class);
    assertThat(Files.isSameFile(store.object(HELLO.digest()), store.key(LAYER, 7, 0))).isTrue();
  }

  @Test
  void removeLayer_sharedChunk_lowersItsLinkCountAndKeepsTheRest() throws IOException {
    store.layer().addFile(key(7), HELLO);
    store.otherLayer().addFile(key(7), HELLO);

    store.cache.removeLayer(LAYER);

    assertThat(store.root.resolve("layers").resolve(LAYER.hex())).doesNotExist();
    assertThat(status(store.object(HELLO.digest())).links()).isEqualTo(3);
    assertThat(store.cache.layers()).containsExactly(OTHER_LAYER);
    store.cache.removeLayer(OTHER_LAYER);
    assertThat(status(store.object(HELLO.digest())).links()).isEqualTo(2);
    assertThat(store.root.resolve("wip")).isEmptyDirectory();
  }

  @Test
  void removeLayer_oldHandle_addsNothingAnyMore() throws IOException {
    LayerCache old = store.layer();
    store.cache.removeLayer(LAYER);
    assertThat(old.addFile(key(1), HELLO)).isEqualTo(new Published.Uncached(Cause.CLOSED));
    assertThat(old.adoptFile(key(1), HELLO.digest(), 5)).isFalse();
    assertThat(store.cache.layers()).isEmpty();
    assertThat(store.layer()).isNotSameAs(old);
    assertThat(store.layer().addFile(key(1), HELLO)).isInstanceOf(Published.Shared.class);
  }

  @Test
  void close_layersLeft_addNothingAnyMore() throws IOException {
    LayerCache layer = store.layer();
    store.cache.close();
    assertThat(layer.addFile(key(1), HELLO)).isEqualTo(new Published.Uncached(Cause.CLOSED));
    assertThatThrownBy(() -> store.cache.layer(LAYER)).isInstanceOf(IllegalStateException.class);
    assertThat(files(store.root)).containsExactly(store.root.resolve("lock"));
  }

  @Test
  void open_afterClose_findsEverythingAgain() throws IOException {
    store.layer().addFile(key(7), HELLO);
    store.reopen();
    assertThat(store.read(HELLO.digest(), 5)).hasValue(HELLO.bytes());
    assertThat(store.cache.layers()).containsExactly(LAYER);
  }

  @Test
  void open_leftOversInWip_areRemoved() throws IOException {
    store.cache.close();
    Path wip = store.root.resolve("wip");
    Files.writeString(wip.resolve("17"), "half a ch");
    Files.createDirectories(wip.resolve("18/ab"));
    Files.writeString(wip.resolve("18/ab/3-0"), "of a layer that was being removed");
    store.cache = DirectoryCache.open(store.root, InstantSource.system());
    assertThat(wip.resolve("17")).doesNotExist();
    assertThat(wip.resolve("18")).doesNotExist();
  }

  @Test
  void open_rootInUse_throws() {
    assertThatThrownBy(() -> DirectoryCache.open(store.root, InstantSource.system()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("another daemon");
  }

  @Test
  void open_newRoot_letsNobodyElseIn() throws IOException {
    assertThat(Files.getPosixFilePermissions(store.root))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    assertThat(store.cache.objects()).isEqualTo(store.root.resolve("objects")).isDirectory();
    assertThat(store.cache.fresh()).isEqualTo(store.root.resolve("fresh")).isDirectory();
    assertThat(store.cache.abilities().noLinks()).isEmpty();
    assertThat(files(store.root.resolve("objects"))).isEmpty();
  }
}
