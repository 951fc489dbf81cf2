package dev.asterism.images;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.EstargzWriter;
import dev.asterism.estargz.MemberEncoder;
import dev.asterism.estargz.Workers;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// How many members are compressed side by side, and how many wait: counted, not timed.
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class CompressionWorkersTest {
  private static final int CHUNK = 64 << 10; // 64 KiB
  private static final int CHUNKS = 64;
  private static final int CORES = 4;

  /// One large file: its chunks are all there is to do side by side.
  private static byte[] tar() {
    byte[] content = RandomTrees.content(Seeds.generator(1), CHUNKS * CHUNK);
    return Layer.of(Entry.file("large", content)).tar();
  }

  private static void convert(MemberEncoder encoder, Workers workers) throws IOException {
    EstargzOptions options = EstargzOptions.DEFAULT.withEncoder(encoder, 1).withChunkSize(CHUNK);
    EstargzWriter.convert(
        new ByteArrayInputStream(tar()), options, workers, OutputStream.nullOutputStream());
  }

  /// Each member waits until there are as many as cores: with fewer at once it would never end.
  @ParameterizedTest
  @EnumSource(
      value = MemberEncoder.class,
      names = {"ZLIB", "ZSTD"})
  void convert_oneLargeFile_keepsAllCoresBusy(MemberEncoder encoder) throws IOException {
    CyclicBarrier together = new CyclicBarrier(CORES);
    AtomicInteger done = new AtomicInteger();
    try (ExecutorService cores = Executors.newFixedThreadPool(CORES)) {
      Executor meeting =
          task ->
              cores.execute(() -> {
                if (done.getAndIncrement() < CHUNKS / CORES * CORES) {
                  meet(together);
                }
                task.run();
              });
      convert(encoder, new Workers(meeting, 64L << 20));
    }
    assertThat(done.get()).isGreaterThanOrEqualTo(CHUNKS);
  }

  private static void meet(CyclicBarrier together) {
    try {
      together.await(1, TimeUnit.MINUTES);
    } catch (Exception e) {
      throw new IllegalStateException("fewer than all cores are busy", e);
    }
  }

  /// Workers that do nothing until the writer waits for them: what it has handed out by then is
  /// what it holds.
  @Test
  void convert_workersThatAreSlow_holdsNoMoreThanItsMemory() throws Exception {
    int memory = 16 * CHUNK;
    AtomicInteger waiting = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    Thread writer = Thread.currentThread();
    try (ExecutorService cores = Executors.newFixedThreadPool(1)) {
      Executor counting =
          task -> {
            most.accumulateAndGet(waiting.incrementAndGet(), Math::max);
            cores.execute(() -> {
              while (writer.getState() == Thread.State.RUNNABLE) {
                Thread.onSpinWait();
              }
              waiting.decrementAndGet();
              task.run();
            });
          };
      convert(MemberEncoder.ZLIB, new Workers(counting, memory));
    }
    assertThat(most.get()).isBetween(2, memory / CHUNK);
  }
}
