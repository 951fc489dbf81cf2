package dev.asterism.cache;

import static dev.asterism.cache.TestStore.LAYER;
import static dev.asterism.cache.TestStore.chunk;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.CachedChunk.Source;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.linux.PageCache;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What each key of `[directory_cache]` does.
final class DirectoryCacheConfigTest {
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

  private void reopen(int entries, int files, boolean direct, boolean dontneed) throws IOException {
    store.config = new DirectoryCacheConfig(true, entries, files, false, direct, dontneed);
    store.reopen();
  }

  private void add(int entry, VerifiedChunk chunk) {
    try (CacheWriter writer =
        store.layer().add(new ChunkKey(entry, 0), new ChunkDigest(chunk.digest(), chunk.size()))) {
      writer.write(chunk);
      assertThat(writer.commit()).isInstanceOf(Published.Shared.class);
    }
  }

  private Source read(int entry, VerifiedChunk chunk) throws IOException {
    CacheKey key = new CacheKey(LAYER, new ChunkKey(entry, 0));
    try (CachedChunk found =
        store.cache.get(key, new ChunkDigest(chunk.digest(), chunk.size())).orElseThrow()) {
      ByteBuffer bytes = ByteBuffer.allocate(chunk.size());
      found.read(0, bytes);
      assertThat(bytes.array()).isEqualTo(chunk.bytes());
      return found.source();
    }
  }

  @Test
  void maxLruCacheEntry_oneMoreChunk_pushesTheOldestOutOfMemory() throws IOException {
    reopen(2, 0, false, false);
    VerifiedChunk[] chunks = {chunk("one"), chunk("two"), chunk("three")};
    for (int i = 0; i < chunks.length; i++) {
      add(i, chunks[i]);
    }
    assertThat(read(0, chunks[0])).isEqualTo(Source.DIGEST);
    assertThat(read(1, chunks[1])).isEqualTo(Source.MEMORY);
    assertThat(read(2, chunks[2])).isEqualTo(Source.MEMORY);
  }

  @Test
  void maxCacheFds_oneMoreFile_closesTheOldest() throws IOException {
    reopen(0, 2, false, false);
    VerifiedChunk[] chunks = {chunk("one"), chunk("two"), chunk("three")};
    for (int i = 0; i < chunks.length; i++) {
      add(i, chunks[i]);
      assertThat(read(i, chunks[i])).isEqualTo(Source.DIGEST);
    }
    assertThat(read(1, chunks[1])).isEqualTo(Source.OPEN_FILE);
    assertThat(read(2, chunks[2])).isEqualTo(Source.OPEN_FILE);
    assertThat(read(0, chunks[0])).isEqualTo(Source.DIGEST);
  }

  @Test
  void direct_everyRead_opensTheDigestsFile() throws IOException {
    reopen(10, 10, true, false);
    add(0, chunk("one"));
    assertThat(read(0, chunk("one"))).isEqualTo(Source.DIGEST);
    assertThat(read(0, chunk("one"))).isEqualTo(Source.DIGEST);
  }

  @Test
  void fadviseDontneed_afterARead_leavesNoPagesInMemory() throws IOException {
    VerifiedChunk big = chunk(1, 1 << 20);
    for (boolean dontneed : new boolean[] {false, true}) {
      reopen(0, 0, false, dontneed);
      add(0, big);
      String path = store.part(big.digest()).toString();
      try (FileChannel file = FileChannel.open(Path.of(path))) {
        file.force(true); // pages that are not on the disk yet stay
      }
      assertThat(read(0, big)).isEqualTo(Source.DIGEST);
      assertThat(PageCache.of(path).orElseThrow().cached() > 0).isEqualTo(!dontneed);
    }
  }
}
