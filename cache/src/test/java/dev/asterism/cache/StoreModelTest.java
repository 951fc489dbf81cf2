package dev.asterism.cache;

import static dev.asterism.cache.TestStore.chunk;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.linux.FileStatus;
import dev.asterism.testkit.layer.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Random sequences against a model that is two maps: what was added, and which layer holds it.
///
/// After each step every digest is either absent or right, what a layer holds and nobody evicted is
/// there, and the store's own verification finds nothing.
@Timeout(600)
final class StoreModelTest {
  private static final int STEPS = 60;
  private static final int CHUNKS = 24;
  private static final int LAYERS = 4;

  @TempDir Path directory;

  private final List<VerifiedChunk> chunks =
      IntStream.range(0, CHUNKS).mapToObj(i -> chunk(1000 + i, 1 + 700 * i)).toList();
  private final List<Digest> layers =
      IntStream.range(0, LAYERS)
          .mapToObj(i -> Digest.of(("layer " + i).getBytes(StandardCharsets.UTF_8)))
          .toList();

  /// The model: for each layer the chunks that it must still find; what is not in any may be there.
  private final Map<Digest, Set<Integer>> held = new HashMap<>();

  private final Set<Digest> pinned = new HashSet<>();

  private TestStore store;
  private int copies;

  @BeforeEach
  void open() throws IOException {
    store = new TestStore(directory.resolve("cache"));
  }

  static LongStream seeds() {
    return Seeds.of(3);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void anySequence_keepsEveryPromise(long seed) throws Exception {
    RandomGenerator random = Seeds.generator(seed);
    List<String> steps = new ArrayList<>();
    for (int i = 0; i < STEPS; i++) {
      steps.add(step(random));
      store.cache.awaitIndex(); // so that the verification compares it too
      check(store, steps);
    }
  }

  @AfterEach
  void close() throws IOException {
    store.close();
  }

  private String step(RandomGenerator random) throws Exception {
    int number = random.nextInt(CHUNKS);
    Digest layer = layers.get(random.nextInt(LAYERS));
    return switch (random.nextInt(23)) {
      case 0, 1, 2, 3 -> add(layer, number, random.nextBoolean());
      case 4, 5 -> adopt(layer, number);
      case 6 -> evict(random.nextInt(40_000));
      case 7 -> removeLayer(layer);
      case 8 -> clean();
      case 9 -> restart();
      case 10 -> killed(random);
      case 11 -> offer(layer, number);
      case 12 -> passTime(random);
      case 13, 14 -> get(layer, number);
      case 15 -> crash(random.nextBoolean());
      case 16, 17 -> complete(layer, random.nextInt(CHUNKS - 1));
      case 18, 19 -> pin(layer);
      case 20, 21 -> lowerBudget(random);
      default -> damage(number);
    };
  }

  private LayerCache cache(Digest layer) {
    return store.cache.layer(layer);
  }

  /// Tells whether a chunk has a file of its own.
  private boolean stands(int number) {
    Digest digest = chunks.get(number).digest();
    return Files.exists(store.object(digest)) || Files.exists(store.part(digest));
  }

  private void hold(Digest layer, int number) {
    held.computeIfAbsent(layer, _ -> new HashSet<>()).add(number);
  }

  private String add(Digest layer, int number, boolean whole) {
    ChunkKey key = TestStore.key(number);
    VerifiedChunk chunk = chunks.get(number);
    assertThat(whole ? cache(layer).addFile(key, chunk) : cache(layer).addPart(key, chunk))
        .isInstanceOf(Published.Shared.class);
    hold(layer, number);
    return "add %s %d".formatted(layer, number);
  }

  private String adopt(Digest layer, int number) {
    VerifiedChunk chunk = chunks.get(number);
    boolean was = stands(number); // within a larger file it can be read, and not be linked
    boolean got = cache(layer).adoptPart(TestStore.key(number), chunk.digest(), chunk.size());
    assertThat(got).isEqualTo(was);
    if (got) {
      hold(layer, number);
    }
    return "adopt %s %d %s".formatted(layer, number, got);
  }

  private String offer(Digest layer, int number) throws IOException {
    VerifiedChunk chunk = chunks.get(number);
    boolean got = cache(layer).offerFile(TestStore.key(number), chunk.digest(), chunk.size());
    if (got) {
      hold(layer, number);
      long evicted = store.cache.evict(Long.MAX_VALUE).objects();
      forgetAbsent();
      assertThat(store.fresh(chunk.digest())).exists();
      assertThat(store.object(chunk.digest())).exists();
      return "offer %d, evict %d".formatted(number, evicted);
    }
    return "offer %d: absent".formatted(number);
  }

  /// What a layer holds is found by its key, and by its digest through any key.
  private String get(Digest layer, int number) throws IOException {
    VerifiedChunk chunk = chunks.get(number);
    boolean holds = held.getOrDefault(layer, Set.of()).contains(number);
    CacheKey key = new CacheKey(layer, TestStore.key(number));
    for (CacheOption[] options :
        List.of(
            new CacheOption[] {},
            new CacheOption[] {new ChunkDigest(chunk.digest(), chunk.size())})) {
      try (CachedChunk found = store.cache.get(key, options).orElse(null)) {
        if (found != null) {
          ByteBuffer bytes = ByteBuffer.allocate(chunk.size());
          found.read(0, bytes);
          assertThat(bytes.array()).isEqualTo(chunk.bytes());
        }
        assertThat(found != null || !holds).as("%s %s", key, options).isTrue();
      }
    }
    return "get %s %d".formatted(layer, number);
  }

  /// A process that dies as it is, with nothing persisted; or the machine, which keeps what the
  /// kernel has not written: then everything that is fresh is doubted. What is left is taken from
  /// the running store.
  private String crash(boolean machine) throws Exception {
    Path copy = directory.resolve("cache-" + copies++);
    StoreCopy.copy(store.root, copy);
    store.close();
    if (machine) {
      Files.writeString(copy.resolve("running"), "another boot");
    }
    ManualClock clock = store.clock;
    store = new TestStore(copy, clock);
    store.cache.awaitIndex();
    store.cache.awaitSettled();
    return machine ? "crash of the machine" : "crash";
  }

  /// Two chunks become one file. They are a file's parts then, and what holds them otherwise still
  /// does.
  private String complete(Digest layer, int number) {
    TestStore.BigFile file = TestStore.BigFile.of(chunks.subList(number, number + 2));
    int entry = 100 + number;
    file.addParts(cache(layer), entry);
    assertThat(file.complete(cache(layer), entry)).isInstanceOf(Published.Shared.class);
    assertThat(store.object(file.digest())).hasBinaryContent(file.bytes());
    for (VerifiedChunk part : file.chunks()) {
      assertThat(cache(layer).holds(new ChunkKey(entry, 0), digestOf(part))).isTrue();
    }
    return "complete %s %d".formatted(layer, number);
  }

  private static ChunkDigest digestOf(VerifiedChunk chunk) {
    return new ChunkDigest(chunk.digest(), chunk.size());
  }

  /// Pins a layer, or lets it go.
  private String pin(Digest layer) throws IOException {
    if (pinned.remove(layer)) {
      assertThat(store.cache.unpin(layer.toString())).isTrue();
      return "unpin " + layer;
    }
    store.cache.pin(new Pin(layer.toString(), List.of(layer), store.clock.instant()));
    pinned.add(layer);
    return "pin " + layer;
  }

  private String evict(long bytes) throws IOException {
    Eviction eviction = store.cache.evict(bytes);
    assertThat(eviction.enough()).isEqualTo(eviction.bytes() >= bytes);
    forgetAbsent();
    return "evict %d: %s".formatted(bytes, eviction);
  }

  /// The store is opened with less room than it takes, and again without a limit when it has
  /// shrunk. Only pins keep it from shrinking enough.
  private String lowerBudget(RandomGenerator random) throws Exception {
    store.cache.persist();
    store.clock.pass(TestStore.AGE);
    store.cache.persist(); // nothing has just come
    long before = allocated();
    if (before == 0) {
      return "lower budget: nothing is there";
    }
    long limit = random.nextLong(before);
    store.budget = new Budget(new Limit.Bytes(limit), new Limit.Bytes(0));
    store.reopen();
    while (store.cache.budget().unreachable().isEmpty()
        && (store.cache.budget().evictedObjects() == 0 || store.cache.budget().used() > limit)) {
      Thread.sleep(1); // the test's own time limit ends this
    }
    boolean unreachable = store.cache.budget().unreachable().isPresent();
    store.budget = Budget.DEFAULT;
    store.reopen(); // ends the eviction, which takes links first and then what they led to
    String step = "lower budget from %d to %d, now %d".formatted(before, limit, allocated());
    assertThat(unreachable && pinned.isEmpty()).as(step).isFalse();
    assertThat(unreachable || allocated() <= limit).as(step).isTrue();
    forgetAbsent();
    forgetUnlinked();
    return step;
  }

  /// What an eviction that was ended has taken the links of, and has left to the next one.
  private void forgetUnlinked() {
    held.forEach((layer, numbers) -> {
      boolean changed = numbers.removeIf(number -> !Files.exists(store.key(layer, number, 0)));
      assertThat(changed && pinned.contains(layer)).as("pinned %s lost", layer).isFalse();
    });
  }

  /// Returns the bytes that the disk gave for the store, each file once.
  private long allocated() throws IOException {
    Map<Long, Long> files = new HashMap<>(); // by inode
    for (String directory : List.of("objects", "chunks", "layers")) {
      for (Path file : TestStore.files(store.root.resolve(directory))) {
        FileStatus status = TestStore.status(file);
        files.put(status.inode(), status.allocated());
      }
    }
    return files.values().stream().mapToLong(Long::longValue).sum();
  }

  /// What an eviction took is no more held: nothing of what a pinned layer holds.
  private void forgetAbsent() {
    held.forEach((layer, numbers) -> {
      boolean changed = numbers.removeIf(number -> !stands(number));
      assertThat(changed && pinned.contains(layer)).as("pinned %s lost", layer).isFalse();
    });
  }

  private String removeLayer(Digest layer) throws IOException {
    store.cache.removeLayer(layer);
    if (!pinned.contains(layer)) {
      held.remove(layer);
    }
    return "remove " + layer;
  }

  private String clean() throws IOException {
    CleanReport report = store.cache.clean(CleanOptions.DEFAULT, StoreProgress.NONE);
    assertThat(report.staleLinks()).isZero();
    return "clean " + report;
  }

  private String restart() throws IOException {
    store.reopen();
    return "restart";
  }

  /// A process that dies: the marker stays, an unfinished write too, and a file that lost its name
  /// but not yet its links, or the other way round.
  private String killed(RandomGenerator random) throws IOException {
    VerifiedChunk chunk = chunks.get(random.nextInt(CHUNKS));
    store.cache.close();
    String how = random.nextBoolean() ? "links first" : "only half written";
    if (how.equals("links first")) {
      for (Digest layer : layers) {
        int number = chunks.indexOf(chunk);
        if (held.getOrDefault(layer, new HashSet<>()).remove(number)) {
          Files.deleteIfExists(store.key(layer, number, 0));
        }
      }
    } else {
      Files.write(store.root.resolve("wip/7"), new byte[100]);
    }
    store.start();
    return "killed, " + how;
  }

  private String passTime(RandomGenerator random) throws IOException {
    store.cache.persist();
    Duration time = Duration.ofSeconds(random.nextInt(40));
    store.clock.pass(time);
    store.cache.persist();
    return "pass " + time;
  }

  /// Somebody cuts a file short: the next who asks finds it absent.
  private String damage(int number) throws IOException {
    VerifiedChunk chunk = chunks.get(number);
    for (Path file : List.of(store.object(chunk.digest()), store.part(chunk.digest()))) {
      if (Files.exists(file)) {
        file.toFile().setWritable(true);
        Files.write(file, new byte[0]);
        file.toFile().setReadOnly();
      }
    }
    assertThat(store.cache.find(chunk.digest(), chunk.size()).map(StoreModelTest::read))
        .satisfiesAnyOf(
            found -> assertThat(found).isEmpty(),
            found -> assertThat(found).hasValue(chunk.bytes())); // within a larger file
    assertThat(stands(number)).isFalse();
    held.values().forEach(numbers -> numbers.remove(number));
    store.cache.verify(VerifyOptions.FULL.withRepair(), StoreProgress.NONE);
    return "damage " + number;
  }

  private static byte[] read(Stored stored) {
    try {
      return TestStore.readAndClose(stored);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void check(TestStore opened, List<String> steps) throws IOException {
    for (int number = 0; number < CHUNKS; number++) {
      VerifiedChunk chunk = chunks.get(number);
      var read = opened.read(chunk.digest(), chunk.size());
      assertThat(read.isEmpty() || java.util.Arrays.equals(read.get(), chunk.bytes()))
          .as("%d is absent or right after %s", number, steps)
          .isTrue();
    }
    for (Map.Entry<Digest, Set<Integer>> layer : held.entrySet()) {
      for (int number : layer.getValue()) {
        assertThat(opened.key(layer.getKey(), number, 0))
            .as("link of layer to %d after %s", number, steps)
            .exists();
        assertThat(opened.read(chunks.get(number).digest(), chunks.get(number).size()))
            .as("%d after %s", number, steps)
            .isPresent();
      }
    }
    assertThat(opened.cache.verify(VerifyOptions.FULL, StoreProgress.NONE).findings())
        .as("findings after %s", steps)
        .isEmpty();
  }
}
