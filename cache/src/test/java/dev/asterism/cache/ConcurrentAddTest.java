package dev.asterism.cache;

import static dev.asterism.cache.TestStore.LAYER;
import static dev.asterism.cache.TestStore.chunk;
import static dev.asterism.cache.TestStore.files;
import static dev.asterism.cache.TestStore.key;
import static dev.asterism.cache.TestStore.status;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.TestStore.BigFile;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
final class ConcurrentAddTest {
  private static final int THREADS = 64;

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
  void addFile_sameDigestsFromManyThreads_haveOneFileEachAndEveryLink() throws Exception {
    List<VerifiedChunk> chunks =
        IntStream.range(0, 40).mapToObj(i -> chunk(i, 1 + i * 997)).toList();
    inParallel(thread -> {
      LayerCache layer = store.cache.layer(layer(thread % 8));
      for (int i = 0; i < chunks.size(); i++) {
        int entry = (i + thread) % chunks.size();
        assertThat(layer.addFile(key(entry), chunks.get(entry)))
            .isInstanceOf(Published.Shared.class);
      }
      return thread;
    });

    for (VerifiedChunk chunk : chunks) {
      assertThat(store.object(chunk.digest())).hasBinaryContent(chunk.bytes());
      assertThat(status(store.object(chunk.digest())).links()).isEqualTo(8 + 2);
    }
    assertThat(files(store.root.resolve("objects"))).hasSize(chunks.size());
    assertThat(files(store.root.resolve("wip"))).isEmpty();
    assertThat(store.cache.counters().filesAdded()).isEqualTo(chunks.size());
  }

  @Test
  void addFile_readersLookMeanwhile_seeTheWholeFileOrNone() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    List<VerifiedChunk> chunks = IntStream.range(0, 60).mapToObj(i -> chunk(i, 200_000)).toList();
    try (ExecutorService threads = threads()) {
      List<Future<Integer>> readers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        readers.add(threads.submit(() -> readUntil(done, chunks)));
      }
      inParallel(thread -> {
        for (VerifiedChunk chunk : chunks) {
          store.cache.layer(layer(thread)).addFile(key(thread), chunk);
        }
        return thread;
      });
      done.set(true);
      for (Future<Integer> reader : readers) {
        assertThat(reader.get()).isNotNegative();
      }
    }
  }

  private int readUntil(AtomicBoolean done, List<VerifiedChunk> chunks) throws IOException {
    int seen = 0;
    while (!done.get()) {
      for (VerifiedChunk chunk : chunks) {
        Path object = store.object(chunk.digest());
        if (Files.exists(object)) {
          assertThat(Digest.of(Files.readAllBytes(object))).isEqualTo(chunk.digest());
          seen++;
        }
      }
    }
    return seen;
  }

  @Test
  void completeFile_fromManyThreads_isOneObjectAndNoPart() throws Exception {
    BigFile big = BigFile.of(1, 70_000, 70_000, 3);
    big.addParts(store.layer(), 7);
    List<Published> outcomes = inParallel(_ -> big.complete(store.layer(), 7));

    assertThat(store.object(big.digest())).hasBinaryContent(big.bytes());
    assertThat(outcomes).contains(new Published.Shared(store.object(big.digest())));
    assertThat(outcomes)
        .allMatch(outcome ->
            outcome instanceof Published.Shared
                || outcome.equals(new Published.Uncached(Cause.MISSING)));
    assertThat(files(store.root.resolve("chunks"))).isEmpty();
    assertThat(status(store.object(big.digest())).links()).isEqualTo(3);
  }

  @Test
  void find_whileItsFileIsCompleted_alwaysFindsThePart() throws Exception {
    for (int round = 0; round < 20; round++) {
      BigFile big = BigFile.of(1000L * round, 9000, 9000);
      big.addParts(store.layer(), round);
      int entry = round;
      List<Optional<byte[]>> found =
          inParallel(thread -> {
            if (thread == 0) {
              big.complete(store.layer(), entry);
            }
            VerifiedChunk part = big.chunks().get(1);
            return store.read(part.digest(), part.size());
          });
      assertThat(found).allMatch(Optional::isPresent);
    }
  }

  @Test
  void removeLayer_whileManyAddToIt_leavesNoDirectoryBehind() throws Exception {
    for (int round = 0; round < 10; round++) {
      LayerCache layer = store.layer();
      int start = round * 1000;
      inParallel(thread -> {
        if (thread == THREADS / 2) {
          store.cache.removeLayer(LAYER);
        }
        return layer.addFile(key(thread), chunk(start + thread, 100));
      });
      assertThat(store.cache.layers()).isEmpty();
    }
    assertThat(store.root.resolve("wip")).isEmptyDirectory();
  }

  @Test
  void persist_whileManyAdd_neverTakesALinkThatIsNotSynced() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    try (ExecutorService threads = threads()) {
      Future<Integer> persisting =
          threads.submit(() -> {
            int rounds = 0;
            while (!done.get()) {
              store.clock.pass(TestStore.AGE);
              store.cache.persist();
              rounds++;
            }
            return rounds;
          });
      inParallel(thread -> {
        for (int i = 0; i < 50; i++) {
          assertThat(store.cache.layer(layer(thread)).addFile(key(i), chunk(i * 64 + thread, 50)))
              .isInstanceOf(Published.Shared.class);
        }
        return thread;
      });
      done.set(true);
      assertThat(persisting.get()).isPositive();
    }
    store.clock.pass(TestStore.AGE);
    store.cache.persist();
    assertThat(files(store.root.resolve("fresh"))).isEmpty();
    assertThat(files(store.root.resolve("objects"))).hasSize(50 * THREADS);
  }

  private interface Work<T> {
    T run(int thread) throws Exception;
  }

  /// Runs the same work on every thread, all from the same moment.
  private static <T> List<T> inParallel(Work<T> work) throws Exception {
    CyclicBarrier start = new CyclicBarrier(THREADS);
    List<T> results = new ArrayList<>();
    try (ExecutorService threads = threads()) {
      List<Callable<T>> all = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        int thread = i;
        all.add(() -> {
          start.await();
          return work.run(thread);
        });
      }
      for (Future<T> result : threads.invokeAll(all)) {
        results.add(result.get());
      }
    }
    return results;
  }

  /// Platform threads: those that look for ever must not keep the others from running.
  private static ExecutorService threads() {
    return Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory());
  }

  private static Digest layer(int number) {
    return Digest.of(("layer " + number).getBytes(StandardCharsets.UTF_8));
  }
}
