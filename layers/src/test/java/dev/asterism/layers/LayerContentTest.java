package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.cache.CacheDisk;
import dev.asterism.cache.CacheSettings;
import dev.asterism.cache.DirectoryCache;
import dev.asterism.cache.DirectoryCacheConfig;
import dev.asterism.cache.LocalDisk;
import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.testkit.disk.Faults;
import dev.asterism.testkit.disk.Outcome;
import dev.asterism.testkit.layer.Seeds;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Many that want chunks of one layer at the same time. No mount: the store is real, the registry
/// is an array.
@Timeout(300)
final class LayerContentTest {
  private static final int FILES = 40;
  private static final FetchPolicy POLICY =
      new FetchPolicy(150 << 10, 300 << 10, 1 << 20, 0, Duration.ofSeconds(20));

  /// More than a span takes along unasked to save a request, even compressed.
  private static final int SIZE = 70_000;

  private static final List<byte[]> CONTENTS =
      IntStream.range(0, FILES).mapToObj(LayerContentTest::randomBytes).toList();

  @TempDir Path directory;

  private final List<byte[]> files = new ArrayList<>();
  private final List<Integer> starts = new ArrayList<>();
  private final Faults faults = new Faults();
  private DirectoryCache store;
  private IdleMemory memory;
  private Source blob;
  private LayerContent layer;

  /// A blob that remembers what was asked for, and may be held up or broken.
  private static final class Source implements Blob {
    private final byte[] bytes;
    private final ConcurrentLinkedQueue<ByteRange> asked = new ConcurrentLinkedQueue<>();
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private volatile boolean broken;

    /// Bytes of each answer after which it breaks.
    private volatile int breaksAfter = Integer.MAX_VALUE;

    Source(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public long size() {
      return bytes.length;
    }

    @Override
    public InputStream open(ByteRange range) throws IOException {
      asked.add(range);
      try {
        gate.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      if (broken) {
        throw new IOException("broken");
      }
      int length = (int) range.length();
      return length <= breaksAfter
          ? new ByteArrayInputStream(bytes, (int) range.start(), length)
          : new SequenceInputStream(
              new ByteArrayInputStream(bytes, (int) range.start(), breaksAfter), new Broken());
    }

    private static final class Broken extends InputStream {
      @Override
      public int read() throws IOException {
        throw new IOException("broken in the middle");
      }

      @Override
      public int read(byte[] buffer, int offset, int length) throws IOException {
        return read();
      }
    }
  }

  private static byte[] randomBytes(int seed) {
    byte[] content = new byte[SIZE];
    Seeds.generator(seed).nextBytes(content);
    return content;
  }

  @BeforeEach
  void open() throws Exception {
    open(DirectoryCacheConfig.DEFAULT);
  }

  private void open(DirectoryCacheConfig config) throws Exception {
    starts.clear();
    files.clear();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ChunkTableBuilder builder = new ChunkTableBuilder();
    for (int i = 0; i < FILES; i++) {
      byte[] content = CONTENTS.get(i);
      files.add(content);
      starts.add(bytes.size());
      builder.object(
          Digest.of(content),
          content.length,
          i,
          LayerObject.Sharing.SHARED,
          new Neighbourhood(i, i));
      builder.chunk(bytes.size(), 0, 0, content.length, Digest.of(content));
      try (GZIPOutputStream member = new GZIPOutputStream(bytes)) {
        member.write(content);
      }
    }
    blob = new Source(bytes.toByteArray());
    Path table = directory.resolve("chunks.idx");
    Files.deleteIfExists(table);
    builder.write(table, blob.size(), blob.size(), true);
    Path root = Files.createDirectories(directory.resolve("cache"));
    store =
        DirectoryCache.open(
            root,
            faults.wrap(CacheDisk.class, LocalDisk.open(root)),
            InstantSource.system(),
            CacheSettings.DEFAULT.withConfig(config));
    memory = new IdleMemory(() -> {});
    Digest digest = Digest.of(blob.bytes);
    Catalog catalog = new Catalog(KnownNodesTest.nodes());
    ImageTrees trees = new ImageTrees();
    Fetching fetching =
        new Fetching(
            POLICY,
            store,
            new RecentChunks(1 << 20),
            new Scheduler(POLICY, memory),
            new FetchListeners(),
            catalog,
            trees,
            new Libraries(catalog, trees),
            new Outages(OutagePolicy.FAIL, InstantSource.system()),
            _ -> {
              throw new IOException("no metadata");
            },
            (_, object) -> "file " + object.entry());
    layer =
        new LayerContent(digest, ChunkTable.open(table), blob, "", store.layer(digest), fetching);
  }

  @AfterEach
  void close() throws Exception {
    memory.close();
    store.close();
  }

  private LayerChunk chunk(int file) {
    ChunkTable table = layer.table();
    return table.chunk(
        table.chunkOf(table.object(table.find(Digest.of(files.get(file))).orElseThrow()), 0));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void awaitBytes_diskTakesItsTime_waitsForItIfToldTo(boolean syncAdd) throws Exception {
    close();
    open(new DirectoryCacheConfig(true, 10, 10, syncAdd, false, false));
    CompletableFuture<Void> written = new CompletableFuture<>();
    faults.every("create", new Outcome.After(written::join));
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<VerifiedChunk> reader =
          executor.submit(() -> layer.awaitBytes(chunk(5), List.of(), soon()));
      if (syncAdd) {
        layer.want(chunk(5)).bytes(soon());
        assertThat(reader.isDone()).isFalse();
        written.complete(null);
      }
      assertThat(reader.get().bytes()).isEqualTo(files.get(5));
      written.complete(null);
    }
  }

  private static Deadline soon() {
    return Deadline.in(Duration.ofSeconds(20));
  }

  @Test
  void fetch_breaksInTheMiddle_countsWhatHasCome() throws Exception {
    blob.breaksAfter = 1234;
    assertThatThrownBy(() -> layer.want(chunk(5)).bytes(soon())).hasMessageContaining("middle");

    FetchStats stats = layer.shared().scheduler().stats();
    while (stats.requests().getOrDefault(FetchClass.READ, 0L) == 0) { // the reader is told first
      Thread.onSpinWait();
      stats = layer.shared().scheduler().stats();
    }
    assertThat(stats.bytes()).containsEntry(FetchClass.READ, 1234L);
  }

  @Test
  void fetch_inTheBackgroundWhileAReadIsUnpacked_isHeldUpAndComes() {
    Unpacking unpacking = layer.shared().scheduler().unpacking();
    Runnable read = unpacking.begin(() -> false);

    FetchTicket ticket = layer.fetch(List.of(chunk(5)), FetchClass.BACKGROUND);
    ticket.done().join();

    assertThat(ticket.failed()).isZero();
    assertThat(unpacking.held()).isEqualTo(1);
    read.run();
    layer.fetch(List.of(chunk(6)), FetchClass.BACKGROUND).done().join();
    assertThat(unpacking.held()).isEqualTo(1);
    while (unpacking.background() > 0) { // the ticket is told first
      Thread.onSpinWait();
    }
  }

  @Test
  void promote_whatCameInVain_isWastedNoLonger() {
    assertThat(layer.anticipation().isToBeSeen(chunk(5), FetchClass.GUESS)).isTrue();
    assertThat(layer.shared().scheduler().stats().unused()).isPositive();

    layer.anticipation().promote();

    assertThat(layer.shared().scheduler().stats().unused()).isZero();
  }

  /// Whoever wants a chunk gets it, and no byte is fetched twice, whichever way flights and windows
  /// overlap.
  @RepeatedTest(20)
  void want_manyThreadsInAnyOrder_fetchEachMemberOnce() throws Exception {
    int threads = 8;
    CyclicBarrier start = new CyclicBarrier(threads);
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> readers = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        int seed = i;
        readers.add(
            executor.submit(() -> {
              int[] order = Seeds.generator(seed).ints(60, 0, FILES).toArray();
              start.await();
              for (int file : order) {
                LayerChunk chunk = chunk(file);
                assertThat(layer.want(chunk).bytes(soon()).bytes()).isEqualTo(files.get(file));
                assertThat(layer.want(chunk).place(soon())).isEqualTo(Flight.Place.STORE);
              }
              return null;
            }));
      }
      for (Future<?> reader : readers) {
        reader.get();
      }
    }
    assertThat(timesFetched()).allMatch(times -> times <= 1);
  }

  private List<Long> timesFetched() {
    return starts.stream()
        .map(start -> blob.asked.stream().filter(range -> contains(range, start)).count())
        .toList();
  }

  private static boolean contains(ByteRange range, long start) {
    return range.start() <= start && start < range.end();
  }

  @Test
  void want_chunkThatHasLanded_isOverAtOnceAndAsksNobody() throws Exception {
    LayerChunk chunk = chunk(5);
    layer.want(chunk).place(soon());

    Deadline now = Deadline.in(Duration.ZERO);
    assertThat(layer.want(chunk).bytes(now).bytes()).isEqualTo(files.get(5));
    long start = chunk.member().start(); // what lies beside it may be asked for at any time
    assertThat(blob.asked).filteredOn(range -> contains(range, start)).hasSize(1);
  }

  @Test
  void want_registryFails_failsAllWhoWaitAndIsTriedAgain() throws Exception {
    blob.gate = new CountDownLatch(1);
    blob.broken = true;
    Flight one = layer.want(chunk(7));
    Flight other = layer.want(chunk(7));
    assertThat(other).isSameAs(one);
    blob.gate.countDown();

    assertThatThrownBy(() -> one.bytes(soon())).hasMessageContaining("broken");
    blob.broken = false;
    assertThat(layer.want(chunk(7)).bytes(soon()).bytes()).isEqualTo(files.get(7));
  }

  /// One waiter gives up; the flight goes on for the others.
  @Test
  void bytes_notInTime_failsThisCallerOnly() throws Exception {
    blob.gate = new CountDownLatch(1);
    Flight flight = layer.want(chunk(9));

    assertThatThrownBy(() -> flight.bytes(Deadline.in(Duration.ZERO)))
        .hasMessageContaining("no answer");
    blob.gate.countDown();

    assertThat(flight.bytes(soon()).bytes()).isEqualTo(files.get(9));
  }

  @Test
  void want_bytesOfAnotherDigest_failAloneAndAreNotKept() throws Exception {
    byte[] damaged = blob.bytes;
    Arrays.fill(damaged, starts.get(11) + 200, starts.get(11) + 210, (byte) 0x55);

    assertThatThrownBy(() -> layer.want(chunk(11)).bytes(soon())).isInstanceOf(IOException.class);
    assertThat(layer.want(chunk(12)).bytes(soon()).bytes()).isEqualTo(files.get(12));
    assertThat(layer.stored().isStored(chunk(11))).isFalse();
  }
}
