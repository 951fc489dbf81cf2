package dev.asterism.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.History.Answer;
import dev.asterism.cache.History.Operation;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.testkit.layer.Seeds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Adding, adopting, evicting and reading one digest from several threads is as if each call had
/// happened at one instant between its beginning and its end. Histories of real calls are recorded
/// and checked; digests do not share state, so one at a time is enough.
@Timeout(300)
final class LinearizableTest {
  private static final int THREADS = 4;
  private static final int CALLS = 5; // of each thread
  private static final int HISTORIES = 40;
  private static final List<Operation> OPERATIONS = List.of(Operation.values());

  @TempDir Path directory;

  static LongStream seeds() {
    return Seeds.of(2);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void manager_anyConcurrentCalls_areLinearizable(long seed) throws Exception {
    RandomGenerator random = Seeds.generator(seed);
    try (TestStore store = new TestStore(directory.resolve("cache"));
        ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      for (int i = 0; i < HISTORIES; i++) {
        VerifiedChunk chunk = TestStore.chunk(seed + i, 100 + i);
        History history = record(store, chunk, random.nextLong(), threads);
        assertThat(history.isLinearizable()).as("%s", history).isTrue();
        assertThat(store.cache.verify(VerifyOptions.FULL, StoreProgress.NONE).findings()).isEmpty();
      }
    }
  }

  private static History record(
      TestStore store, VerifiedChunk chunk, long seed, ExecutorService threads) throws Exception {
    History history = new History();
    CyclicBarrier start = new CyclicBarrier(THREADS);
    List<Callable<Void>> work = new ArrayList<>();
    for (int thread = 0; thread < THREADS; thread++) {
      RandomGenerator random = Seeds.generator(seed + thread);
      Digest layer = Digest.of(("layer " + thread).getBytes(StandardCharsets.UTF_8));
      work.add(() -> {
        start.await();
        for (int call = 0; call < CALLS; call++) {
          Operation operation = OPERATIONS.get(random.nextInt(OPERATIONS.size()));
          long begin = System.nanoTime();
          Answer answer = call(store, layer, chunk, operation);
          history.add(operation, answer, begin, System.nanoTime());
        }
        return null;
      });
    }
    for (Future<Void> done : threads.invokeAll(work)) {
      done.get();
    }
    return history;
  }

  private static Answer call(
      TestStore store, Digest layer, VerifiedChunk chunk, Operation operation) throws IOException {
    LayerCache cache = store.cache.layer(layer);
    ChunkKey key = TestStore.key(1);
    return switch (operation) {
      case ADD_FILE -> Answer.of(cache.addFile(key, chunk) instanceof Published.Shared);
      case ADD_PART -> Answer.of(cache.addPart(key, chunk) instanceof Published.Shared);
      case ADOPT_FILE -> Answer.of(cache.adoptFile(key, chunk.digest(), chunk.size()));
      case ADOPT_PART -> Answer.of(cache.adoptPart(key, chunk.digest(), chunk.size()));
      case READ -> Answer.of(store.read(chunk.digest(), chunk.size()).isPresent());
      case EVICT -> {
        store.clock.pass(Evictor.GRACE.plusSeconds(1));
        store.cache.evict(Long.MAX_VALUE);
        yield Answer.NONE;
      }
    };
  }

  @Test
  void history_readMissesWhatWasAddedBefore_isRefused() {
    History history = new History();
    history.add(Operation.ADD_FILE, Answer.YES, 1, 2);
    history.add(Operation.READ, Answer.NO, 3, 4);
    assertThat(history.isLinearizable()).isFalse();
  }

  @Test
  void history_readFindsWhatNobodyAdded_isRefused() {
    History history = new History();
    history.add(Operation.EVICT, Answer.NONE, 1, 2);
    history.add(Operation.ADOPT_PART, Answer.YES, 3, 4);
    history.add(Operation.ADD_PART, Answer.YES, 5, 6);
    assertThat(history.isLinearizable()).isFalse();
  }

  @Test
  void history_overlappingCalls_mayHaveHappenedInAnyOrder() {
    History history = new History();
    history.add(Operation.ADD_FILE, Answer.YES, 1, 9);
    history.add(Operation.READ, Answer.NO, 2, 3);
    history.add(Operation.READ, Answer.YES, 4, 5);
    history.add(Operation.EVICT, Answer.NONE, 6, 12);
    history.add(Operation.READ, Answer.NO, 10, 11);
    assertThat(history.isLinearizable()).isTrue();
    history.add(Operation.READ, Answer.YES, 13, 14);
    assertThat(history.isLinearizable()).isFalse();
  }
}
