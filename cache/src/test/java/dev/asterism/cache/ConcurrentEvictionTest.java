package dev.asterism.cache;

import static dev.asterism.cache.TestStore.chunk;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Threads that add and evict the same digests, and readers between. Platform threads: those that
/// look for ever must not keep the others from running.
@Timeout(300)
final class ConcurrentEvictionTest {
  private static final int DIGESTS = 1000;
  private static final int THREADS = 64;
  private static final int READERS = 2;
  private static final int ADDITIONS = 300; // of each thread
  private static final int EVICT_EVERY = 200; // of a thread's additions

  @TempDir Path directory;

  @Test
  void addAndEvict_sixtyFourThreads_noReaderSeesAShortOrWrongFile() throws Exception {
    List<VerifiedChunk> chunks =
        IntStream.range(0, DIGESTS).mapToObj(i -> chunk(i, 200 + i)).toList();
    ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    AtomicInteger adding = new AtomicInteger(THREADS);
    try (TestStore store = new TestStore(directory.resolve("cache"))) {
      CyclicBarrier start = new CyclicBarrier(THREADS + READERS);
      List<Thread> threads =
          IntStream.range(0, THREADS + READERS)
              .mapToObj(i ->
                  Thread.ofPlatform()
                      .start(() -> {
                        try {
                          start.await();
                          if (i < THREADS) {
                            add(store, chunks, i);
                          } else {
                            read(store, chunks, adding);
                          }
                        } catch (Throwable e) {
                          failures.add(e);
                        } finally {
                          if (i < THREADS) {
                            adding.decrementAndGet();
                          }
                        }
                      }))
              .toList();
      for (Thread thread : threads) {
        thread.join();
      }

      assertThat(failures).isEmpty();
      assertThat(store.cache.budget().evictedObjects()).isPositive();
      assertThat(store.cache.verify(VerifyOptions.FULL, StoreProgress.NONE).findings()).isEmpty();
    }
  }

  private static void add(TestStore store, List<VerifiedChunk> chunks, int thread)
      throws IOException {
    Digest name = Digest.of(("layer " + thread % 8).getBytes(StandardCharsets.UTF_8));
    LayerCache layer = store.cache.layer(name);
    for (int i = 0; i < ADDITIONS; i++) {
      int number = ThreadLocalRandom.current().nextInt(DIGESTS);
      assertThat(layer.addFile(TestStore.key(number), chunks.get(number)))
          .isInstanceOf(Published.Shared.class);
      if ((i + thread) % EVICT_EVERY == 0) {
        evict(store);
      }
    }
  }

  private static void evict(TestStore store) throws IOException {
    store.cache.persist();
    store.clock.pass(Evictor.GRACE.plusSeconds(1));
    store.cache.evict(100_000);
  }

  /// Reads as the daemon does, and as the kernel does: by path, without asking.
  private static void read(TestStore store, List<VerifiedChunk> chunks, AtomicInteger adding)
      throws IOException {
    while (adding.get() > 0) {
      VerifiedChunk chunk = chunks.get(ThreadLocalRandom.current().nextInt(DIGESTS));
      store
          .read(chunk.digest(), chunk.size())
          .ifPresent(bytes -> assertThat(bytes).isEqualTo(chunk.bytes()));
      try {
        assertThat(Files.readAllBytes(store.object(chunk.digest()))).isEqualTo(chunk.bytes());
      } catch (NoSuchFileException _) {
        // evicted, or not added yet
      }
    }
  }
}
