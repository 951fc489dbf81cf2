package dev.asterism.bench.micro;

import dev.asterism.cache.CacheKey;
import dev.asterism.cache.CacheWriter;
import dev.asterism.cache.CachedChunk;
import dev.asterism.cache.ChunkDigest;
import dev.asterism.cache.ChunkKey;
import dev.asterism.cache.DirectoryCache;
import dev.asterism.cache.Published;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.linux.Links;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What the store costs, each step beside the bare system calls that it cannot do without, in a
/// directory on the disk that `java.io.tmpdir` names: `./dev bench jmh -jvmArgsPrepend
/// -Djava.io.tmpdir=/var/tmp StoreBenchmark`.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
    value = 1,
    jvmArgs = {
      "-Xmx512m",
      "--enable-native-access=ALL-UNNAMED",
      "--sun-misc-unsafe-memory-access=allow" // JMH's own
    })
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class StoreBenchmark {
  private static final int SIZE = 16 << 10; // 16 KiB

  /// Kept, so that its level is.
  private static final Logger LOG = Logger.getLogger("dev.asterism");

  private static final int KNOWN = 1000; // digests, so that no inode gets very many links

  private final byte[] fresh = new byte[SIZE];
  private final ByteBuffer into = ByteBuffer.allocate(SIZE);
  private final VerifiedChunk[] known = new VerifiedChunk[KNOWN];
  private final ChunkDigest[] digests = new ChunkDigest[KNOWN];
  private final String[] names = new String[KNOWN];
  private final SplittableRandom random = new SplittableRandom(1);
  private final Digest layer = Digest.of("layer".getBytes(StandardCharsets.UTF_8));
  private Path root = Path.of("");
  private @Nullable DirectoryCache opened; // while it is measured
  private int next;

  /// Makes a store in which everything is known.
  @Setup
  public void open() throws IOException {
    LOG.setLevel(Level.WARNING);
    root = Files.createTempDirectory("store");
    Files.createDirectories(root.resolve("bare"));
    DirectoryCache cache = DirectoryCache.open(root.resolve("cache"), InstantSource.system());
    opened = cache;
    for (int i = 0; i < KNOWN; i++) {
      byte[] bytes = new byte[SIZE];
      new SplittableRandom(i).nextBytes(bytes);
      known[i] = VerifiedChunk.of(bytes);
      digests[i] = new ChunkDigest(known[i].digest(), SIZE);
      cache.layer(layer).addPart(new ChunkKey(i, 0), known[i]);
      String hex = known[i].digest().hex();
      names[i] = root + "/cache/chunks/" + hex.substring(0, 2) + "/" + hex;
      Files.write(root.resolve("bare/" + i), bytes);
    }
    next = KNOWN;
  }

  private DirectoryCache cache() {
    return Objects.requireNonNull(opened);
  }

  /// Removes it, before the disk has to write it all.
  @TearDown
  public void close() throws IOException {
    for (String directory : List.of("objects", "chunks", "fresh", "layers")) {
      remove(root.resolve("cache").resolve(directory));
    }
    cache().close();
    remove(root);
  }

  private static void remove(Path root) throws IOException {
    try (Stream<Path> tree = Files.walk(root)) {
      List<Path> all = tree.sorted(Comparator.reverseOrder()).toList();
      for (Path path : all) {
        Files.delete(path);
      }
    }
  }

  /// link(2).
  @Benchmark
  public int addKnownBare() {
    int i = next++;
    return Links.tryLink(root + "/bare/" + i % KNOWN, root + "/bare/l" + i);
  }

  /// A chunk that the store has, under a new key, as whoever has its bytes adds it.
  @Benchmark
  public Published addKnown() throws IOException {
    int i = next++;
    CacheKey key = new CacheKey(layer, new ChunkKey(i, 0));
    try (CacheWriter writer = cache().add(key, digests[i % KNOWN])) {
      writer.write(ByteBuffer.wrap(known[i % KNOWN].bytes()));
      return writer.commit();
    }
  }

  /// SHA-256, create, write, rename.
  @Benchmark
  public Digest addNewBare() throws IOException {
    random.nextBytes(fresh);
    Digest digest = Digest.of(fresh);
    Path wip = root.resolve("bare/wip");
    try (FileChannel file =
        FileChannel.open(wip, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(fresh));
    }
    Files.move(wip, root.resolve("bare/" + digest.hex()), StandardCopyOption.ATOMIC_MOVE);
    return digest;
  }

  /// A chunk that the store does not have.
  @Benchmark
  public Published addNew() {
    random.nextBytes(fresh);
    return cache().layer(layer).addPart(new ChunkKey(next++, 0), VerifiedChunk.of(fresh));
  }

  /// open, pread, close: of the files that [#getByDigest] opens.
  @Benchmark
  public int getBare() throws IOException {
    into.clear();
    try (FileChannel file = FileChannel.open(Path.of(names[next++ % KNOWN]))) {
      return file.read(into, 0);
    }
  }

  /// A chunk by its digest, of more than are kept open.
  @Benchmark
  public ByteBuffer getByDigest() throws IOException {
    return get(next++ % KNOWN);
  }

  /// A chunk by its digest, of a few that are read again and again.
  @Benchmark
  public ByteBuffer getOpen() throws IOException {
    return get(next++ % 50);
  }

  private ByteBuffer get(int i) throws IOException {
    into.clear();
    CacheKey key = new CacheKey(layer, new ChunkKey(i, 0));
    try (CachedChunk found = cache().get(key, digests[i]).orElseThrow()) {
      found.read(0, into);
    }
    return into;
  }

  /// A chunk that is in memory.
  @Benchmark
  public CachedChunk getInMemory(InMemory memory) {
    return memory.cache().get(memory.key, memory.digest).orElseThrow();
  }

  /// A store with one chunk in memory.
  @State(Scope.Benchmark)
  public static class InMemory {
    private Path root = Path.of("");
    private @Nullable DirectoryCache opened; // while it is measured
    private ChunkDigest digest = new ChunkDigest(Digest.of(new byte[0]), 1);
    private CacheKey key = new CacheKey(digest.digest(), new ChunkKey(0, 0));

    /// Adds the chunk.
    @Setup
    public void open() throws IOException {
      root = Files.createTempDirectory("memory");
      DirectoryCache cache = DirectoryCache.open(root, InstantSource.system());
      opened = cache;
      byte[] bytes = new byte[SIZE];
      digest = new ChunkDigest(Digest.of(bytes), SIZE);
      key = new CacheKey(digest.digest(), new ChunkKey(0, 0));
      try (CacheWriter writer = cache.add(key, digest)) {
        writer.write(ByteBuffer.wrap(bytes));
        writer.commit();
      }
    }

    private DirectoryCache cache() {
      return Objects.requireNonNull(opened);
    }

    /// Removes it.
    @TearDown
    public void close() throws IOException {
      cache().close();
      remove(root);
    }
  }
}
