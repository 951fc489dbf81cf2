package dev.asterism.cache;

import static dev.asterism.cache.TestStore.LAYER;
import static dev.asterism.cache.TestStore.chunk;
import static dev.asterism.cache.TestStore.key;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.index.LinksIndex;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The index of a store over restarts, and over whatever becomes of its files.
@Timeout(300)
final class LinksRestartTest {
  private static final VerifiedChunk HELLO = chunk("hello");
  private static final VerifiedChunk BYE = chunk("good bye");

  @TempDir Path temp;
  private TestStore store;

  @BeforeEach
  void openStore() throws IOException {
    store = new TestStore(temp.resolve("cache"));
    store.layer().addFile(key(7), HELLO);
    store.layer().addPart(new ChunkKey(8, 4096), BYE);
  }

  @AfterEach
  void closeStore() throws IOException {
    store.close();
  }

  private LinksIndex restarted() throws IOException, InterruptedException {
    store.reopen();
    store.cache.awaitIndex();
    return store.cache.index();
  }

  @Test
  void restart_closedBefore_knowsDigestsKeysAndLastUse() throws Exception {
    int lastUse = store.cache.index().lastUse(HELLO.digest());
    store.clock.pass(TestStore.AGE);

    LinksIndex index = restarted();

    assertThat(index.lastUse(HELLO.digest())).isEqualTo(lastUse);
    assertThat(index.find(LAYER, 7, 0).orElseThrow().digest()).isEqualTo(HELLO.digest());
    assertThat(index.find(LAYER, 8, 4096).orElseThrow().isChunk()).isTrue();
    assertThat(index.bytes()).isEqualTo(HELLO.size() + BYE.size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{\"format\":\"asterism links\",\"version\":99}", "[\"\\u0000"})
  void restart_linksFilesGoneOrForeign_findsTheStoreAgain(String text) throws Exception {
    store.cache.close();
    Files.deleteIfExists(store.root.resolve("links.journal"));
    Files.writeString(store.root.resolve("links.json"), text);

    LinksIndex index = restarted();

    assertThat(index.find(HELLO.digest()).orElseThrow().isObject()).isTrue();
    assertThat(index.find(BYE.digest()).orElseThrow().isChunk()).isTrue();
    assertThat(index.find(LAYER, 7, 0).orElseThrow().digest()).isEqualTo(HELLO.digest());
    assertThat(index.find(LAYER, 8, 4096).orElseThrow().digest()).isEqualTo(BYE.digest());
    assertThat(index.keys()).isEqualTo(2);
    assertThat(store.cache.verify(VerifyOptions.FULL, StoreProgress.NONE).findings()).isEmpty();
    assertThat(store.read(HELLO.digest(), HELLO.size())).hasValue(HELLO.bytes());
  }

  @Test
  void restart_filesGoneMeanwhile_forgetsThem() throws Exception {
    store.cache.close();
    Files.delete(store.object(HELLO.digest()));
    Files.delete(store.key(LAYER, 8, 4096));

    LinksIndex index = restarted();

    assertThat(index.find(HELLO.digest())).isEmpty();
    assertThat(index.find(LAYER, 7, 0)).isEmpty();
    assertThat(index.find(LAYER, 8, 4096)).isEmpty();
    assertThat(index.find(BYE.digest())).isPresent();
  }

  @Test
  void restart_fileCutShortMeanwhile_removesIt() throws Exception {
    store.cache.close();
    TestStore.overwrite(store.object(HELLO.digest()), Arrays.copyOf(HELLO.bytes(), 3));

    LinksIndex index = restarted();

    assertThat(index.find(HELLO.digest())).isEmpty();
    assertThat(store.object(HELLO.digest())).doesNotExist();
    assertThat(store.fresh(HELLO.digest())).doesNotExist();
    assertThat(store.cache.counters().damaged()).isOne();
    assertThat(store.cache.find(HELLO.digest(), 3)).isEmpty();
    assertThat(index.find(BYE.digest())).isPresent();
  }

  @Test
  void restart_linksFileHasAnotherSize_believesTheFile() throws Exception {
    store.cache.close();
    Files.delete(store.root.resolve("links.journal"));
    Files.writeString(
        store.root.resolve("links.json"),
        """
        {"format":"asterism links","version":1,
        "layers":{"0":"%s"},
        "columns":["digest","places","size","lastUse","verified","keys"],
        "digests":[
        ["%s","o",4711,1764104000,0,"0:7-0"]
        ],"rows":1}
        """
            .formatted(LAYER.hex(), HELLO.digest().hex()));

    LinksIndex index = restarted();

    assertThat(index.find(HELLO.digest()).orElseThrow().size()).isEqualTo(HELLO.size());
    assertThat(index.find(LAYER, 7, 0)).isPresent();
    assertThat(store.object(HELLO.digest())).exists();
    assertThat(store.cache.counters().damaged()).isZero();
  }

  @Test
  void restart_linkOfAKeyIsAnotherFile_knowsThatTheKeyHoldsThat() throws Exception {
    store.cache.close();
    Path link = store.key(LAYER, 7, 0);
    Files.delete(link);
    Files.createLink(link, store.part(BYE.digest()));

    LinksIndex index = restarted();

    assertThat(index.find(LAYER, 7, 0).orElseThrow().digest()).isEqualTo(BYE.digest());
    assertThat(index.find(HELLO.digest())).isPresent();
  }

  @Test
  void removeLayer_thenRestart_hasNoKeyOfIt() throws Exception {
    store.cache.removeLayer(LAYER);
    assertThat(store.cache.index().keys()).isZero();
    LinksIndex index = restarted();
    assertThat(index.keys()).isZero();
    assertThat(index.digests()).isEqualTo(2);
  }
}
