package dev.asterism.cache;

import static dev.asterism.cache.TestStore.LAYER;
import static dev.asterism.cache.TestStore.OTHER_LAYER;
import static dev.asterism.cache.TestStore.chunk;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.CachedChunk.Source;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The seed's way in and out: keys, with or without the digest of a chunk.
final class GetAndAddTest {
  private static final VerifiedChunk HELLO = chunk("hello");
  private static final ChunkDigest DIGEST = new ChunkDigest(HELLO.digest(), 5);
  private static final CacheKey KEY = new CacheKey(LAYER, new ChunkKey(7, 0));
  private static final CacheKey OTHER_KEY = new CacheKey(OTHER_LAYER, new ChunkKey(9, 4096));

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

  private Published add(CacheKey key, byte[] bytes, CacheOption... options) throws IOException {
    try (CacheWriter writer = store.cache.add(key, options)) {
      for (byte one : bytes) {
        writer.write(ByteBuffer.wrap(new byte[] {one}));
      }
      return writer.commit();
    }
  }

  private String read(Source source, CacheKey key, CacheOption... options) throws IOException {
    try (CachedChunk found = store.cache.get(key, options).orElseThrow()) {
      assertThat(found.source()).isEqualTo(source);
      ByteBuffer bytes = ByteBuffer.allocate((int) found.size());
      found.read(0, bytes);
      return new String(bytes.array(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void add_unknownDigest_isPublishedAndFoundInMemory() throws IOException {
    assertThat(add(KEY, HELLO.bytes(), DIGEST))
        .isEqualTo(new Published.Shared(store.part(HELLO.digest())));
    assertThat(read(Source.MEMORY, KEY, DIGEST)).isEqualTo("hello");
    assertThat(read(Source.MEMORY, OTHER_KEY, DIGEST)).isEqualTo("hello");
  }

  @Test
  void add_notAwaited_isFoundInItsFileOnly() throws IOException {
    assertThat(add(KEY, HELLO.bytes(), DIGEST, NotAwaited.YES))
        .isEqualTo(new Published.Shared(store.part(HELLO.digest())));
    assertThat(read(Source.DIGEST, KEY, DIGEST)).isEqualTo("hello");
  }

  @Test
  void get_memoryWasReleased_isFoundInTheFile() throws IOException {
    add(KEY, HELLO.bytes(), DIGEST);
    assertThat(read(Source.MEMORY, KEY, DIGEST)).isEqualTo("hello");

    store.cache.releaseMemory();

    assertThat(read(Source.DIGEST, KEY, DIGEST)).isEqualTo("hello");
  }

  @Test
  void add_wholeFile_standsInObjects() throws IOException {
    assertThat(add(KEY, HELLO.bytes(), DIGEST, WholeFile.YES))
        .isEqualTo(new Published.Shared(store.object(HELLO.digest())));
  }

  @Test
  void add_knownDigest_linksAndDiscardsTheBytes() throws IOException {
    add(KEY, HELLO.bytes(), DIGEST);
    long written = store.faults.calls("create") + store.faults.calls("createOpen");

    assertThat(add(OTHER_KEY, HELLO.bytes(), DIGEST))
        .isEqualTo(new Published.Shared(store.part(HELLO.digest())));

    assertThat(store.faults.calls("create") + store.faults.calls("createOpen")).isEqualTo(written);
    assertThat(Files.isSameFile(store.key(OTHER_LAYER, 9, 4096), store.key(LAYER, 7, 0))).isTrue();
  }

  @Test
  void add_bytesOfAnotherDigestOrLength_keepsNothing() throws IOException {
    Published corrupt = new Published.Uncached(Cause.CORRUPT);
    assertThat(add(KEY, chunk("hallo").bytes(), DIGEST)).isEqualTo(corrupt);
    assertThat(add(KEY, chunk("hell").bytes(), DIGEST)).isEqualTo(corrupt);
    assertThat(add(KEY, chunk("hello!").bytes(), DIGEST)).isEqualTo(corrupt);
    assertThat(store.cache.get(KEY, DIGEST)).isEmpty();
    assertThat(store.cache.misses()).isEqualTo(1);
  }

  @Test
  void add_closedWithoutCommit_leavesNothing() throws IOException {
    for (CacheOption[] options : new CacheOption[][] {{}, {DIGEST}}) {
      try (CacheWriter writer = store.cache.add(KEY, options)) {
        writer.write(ByteBuffer.wrap(HELLO.bytes()));
      }
    }
    assertThat(store.cache.get(KEY, DIGEST)).isEmpty();
    assertThat(TestStore.files(store.root.resolve("wip"))).isEmpty();
  }

  @Test
  void add_withoutDigest_isFoundByItsKeyAlone() throws IOException {
    assertThat(add(KEY, HELLO.bytes()))
        .isEqualTo(new Published.Unshared(store.key(LAYER, 7, 0), Cause.NO_DIGEST));
    assertThat(read(Source.KEY, KEY)).isEqualTo("hello");
    assertThat(store.cache.get(OTHER_KEY)).isEmpty();
    assertThat(store.part(HELLO.digest())).doesNotExist();
  }

  @Test
  void get_throughTwoKeys_opensOneFile() throws IOException {
    store.layer().addPart(KEY.chunk(), HELLO);
    store.otherLayer().addPart(OTHER_KEY.chunk(), HELLO);
    assertThat(read(Source.DIGEST, KEY, DIGEST)).isEqualTo("hello");
    long opened = store.faults.calls("open");
    assertThat(read(Source.OPEN_FILE, OTHER_KEY, DIGEST)).isEqualTo("hello");
    assertThat(read(Source.OPEN_FILE, OTHER_KEY)).isEqualTo("hello");
    assertThat(store.faults.calls("open")).isEqualTo(opened);
    assertThat(store.cache.hits()).containsEntry(Source.OPEN_FILE, 2L);
  }

  @Test
  void get_manyDigests_keepsAsManyFilesOpenAsItMay() throws IOException {
    try (OpenFiles open = new OpenFiles(2, OpenFiles.Pages.KEPT)) {
      OpenFiles.Shared[] files = new OpenFiles.Shared[3];
      for (int i = 0; i < 3; i++) {
        VerifiedChunk bytes = chunk("chunk " + i);
        store.layer().addPart(new ChunkKey(i, 0), bytes);
        Stored stored = store.cache.find(bytes.digest(), bytes.size()).orElseThrow();
        files[i] = open.put(bytes.digest(), stored);
      }
      assertThat(files[0].stored.channel().isOpen()).as("still being read").isTrue();
      files[0].close();
      files[1].close();
      assertThat(files[0].stored.channel().isOpen()).isFalse();
      assertThat(files[1].stored.channel().isOpen()).isTrue();
      assertThat(open.find(chunk("chunk 0").digest(), 7)).isEqualTo(Optional.empty());
    }
  }

  @Test
  void remember_moreThanMayBe_letsTheOldestGo() {
    RecentBytes memory = new RecentBytes(100);
    for (int i = 0; i < 12; i++) {
      memory.put(chunk("c" + i).digest(), new byte[RecentBytes.LARGEST]);
    }
    assertThat(memory.find(chunk("c3").digest())).isEmpty();
    assertThat(memory.find(chunk("c4").digest())).isPresent();
  }
}
