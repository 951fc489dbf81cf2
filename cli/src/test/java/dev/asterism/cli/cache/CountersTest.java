package dev.asterism.cli.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.CacheKey;
import dev.asterism.cache.CacheOption;
import dev.asterism.cache.CacheWriter;
import dev.asterism.cache.ChunkDigest;
import dev.asterism.cache.ChunkKey;
import dev.asterism.cache.DirectoryCache;
import dev.asterism.cli.admin.client.FlatJson;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a running store counts, as `cache stats` shows it.
final class CountersTest {
  private static final byte[] BYTES = "a chunk".getBytes(StandardCharsets.UTF_8);
  private static final ChunkDigest CHUNK = new ChunkDigest(Digest.of(BYTES), BYTES.length);

  @TempDir private Path root;
  private DirectoryCache store;

  @BeforeEach
  void open() throws IOException {
    store = DirectoryCache.open(root, InstantSource.system());
  }

  @AfterEach
  void close() throws IOException {
    store.close();
  }

  private static CacheKey key(int entry) {
    return new CacheKey(Digest.of(new byte[] {1}), ChunkKey.ofFile(entry));
  }

  private void add(int entry, CacheOption... options) throws IOException {
    try (CacheWriter writer = store.add(key(entry), options)) {
      writer.write(ByteBuffer.wrap(BYTES));
      writer.commit();
    }
  }

  private void get(int entry, CacheOption... options) throws Exception {
    store.get(key(entry), options).orElseThrow().close();
  }

  private FlatJson counters() throws IOException {
    return FlatJson.parse(
        ContentJson.line(json -> {
          json.writeStartObject();
          CountersJson.fields(json, store);
          json.writeEndObject();
        }));
  }

  @Test
  void lookUps_none_areNoRate() throws IOException {
    assertThat(counters().text("lookUps/hitRate")).isEmpty();
    assertThat(CountersText.text(counters())).contains("found      nothing was looked for yet");
  }

  @Test
  void lookUps_ofEverySource_areCountedWithTheirRate() throws Exception {
    add(1, CHUNK);
    get(1, CHUNK); // what is added as a part stays in memory
    add(2);
    get(2); // of its key alone
    assertThat(store.get(key(3), new ChunkDigest(Digest.of(new byte[3]), 3))).isEmpty();
    assertThat(store.get(key(4))).isEmpty();

    FlatJson counters = counters();

    assertThat(counters.number("lookUps/hits/memory")).isOne();
    assertThat(counters.number("lookUps/hits/fd")).isZero();
    assertThat(counters.number("lookUps/hits/digest")).isZero();
    assertThat(counters.number("lookUps/hits/key")).isOne();
    assertThat(counters.number("lookUps/misses")).isEqualTo(2);
    assertThat(counters.text("lookUps/hitRate")).hasValue("0.5");
    assertThat(CountersText.text(counters))
        .contains(
            "found      2 of 4 chunks looked for (50.0 %):"
                + " memory 1, fd 0, digest 0, key 1; 2 misses\n");
  }

  @Test
  void lookUps_afterARestart_areOfTheFileAndThenOfTheOpenFile() throws Exception {
    add(1, CHUNK);
    store.close();
    store = DirectoryCache.open(root, InstantSource.system());
    get(1, CHUNK);
    get(1, CHUNK);

    assertThat(counters().number("lookUps/hits/digest")).isOne();
    assertThat(counters().number("lookUps/hits/fd")).isOne();
    assertThat(counters().text("lookUps/hitRate")).hasValue("1.0");
  }
}
