package dev.asterism.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.linux.FileStatus;
import dev.asterism.linux.Links;
import dev.asterism.testkit.disk.Faults;
import dev.asterism.testkit.disk.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;

/// A cache on a disk with faults and a clock that stands still; its timer never runs by itself.
final class TestStore implements AutoCloseable {
  static final Duration AGE = Duration.ofMinutes(5);
  static final Digest LAYER = Digest.of("a layer".getBytes(StandardCharsets.UTF_8));
  static final Digest OTHER_LAYER = Digest.of("another".getBytes(StandardCharsets.UTF_8));

  /// Nothing by itself.
  static final Upkeep QUIET =
      new Upkeep(Duration.ofDays(9), Duration.ofDays(14), Duration.ofDays(30), 0);

  /// What the next [#reopen] opens with.
  Budget budget = Budget.DEFAULT;

  /// What the next [#reopen] opens with.
  DirectoryCacheConfig config = DirectoryCacheConfig.DEFAULT;

  final Path root;
  final Faults faults = new Faults();
  final ManualClock clock;
  DirectoryCache cache;

  TestStore(Path root) throws IOException {
    this(root, new ManualClock());
  }

  TestStore(Path root, ManualClock clock) throws IOException {
    this.root = root;
    this.clock = clock;
    CacheRoot.create(root);
    repair();
    cache = open();
  }

  /// Takes every fault away. Only waiting for the disk stays out: what it is good for shows in no
  /// test that the machine survives.
  void repair() {
    faults.clear();
    faults.every("sync", new Outcome.Answer(0));
    faults.every("keepsOrder", new Outcome.Answer(true)); // whatever the machine's disk does
  }

  private DirectoryCache open() throws IOException {
    CacheDisk disk = faults.wrap(CacheDisk.class, LocalDisk.open(root));
    return DirectoryCache.open(
        root, disk, clock, new CacheSettings(Duration.ofDays(1), AGE, budget, QUIET, config));
  }

  /// Opens again what was closed.
  void start() throws IOException {
    cache = open();
  }

  /// Closes and opens again.
  void reopen() throws IOException {
    cache.close();
    cache = open();
  }

  LayerCache layer() {
    return cache.layer(LAYER);
  }

  LayerCache otherLayer() {
    return cache.layer(OTHER_LAYER);
  }

  Path object(Digest digest) {
    return root.resolve("objects").resolve(name(digest));
  }

  Path part(Digest digest) {
    return root.resolve("chunks").resolve(name(digest));
  }

  Path own(Digest layer, Digest digest) {
    return root.resolve("own").resolve(layer.hex()).resolve(name(digest));
  }

  Path fresh(Digest digest) {
    return root.resolve("fresh").resolve(name(digest));
  }

  Path key(Digest layer, int entry, long offset) {
    int fan = entry >> 8 & 0xff;
    return root.resolve("layers/%s/%02x/%d-%d".formatted(layer.hex(), fan, entry, offset));
  }

  private static String name(Digest digest) {
    return digest.hex().substring(0, 2) + "/" + digest.hex();
  }

  /// Returns what the store answers for a digest.
  Optional<byte[]> read(Digest digest, long size) throws IOException {
    Optional<Stored> found = cache.find(digest, size);
    return found.isPresent() ? Optional.of(readAndClose(found.get())) : Optional.empty();
  }

  static byte[] readAndClose(Stored stored) throws IOException {
    try (stored) {
      ByteBuffer bytes = ByteBuffer.allocate((int) stored.size());
      stored.read(0, bytes);
      return bytes.array();
    }
  }

  static FileStatus status(Path path) throws IOException {
    return Links.find(path.toString()).orElseThrow(() -> new AssertionError("no " + path));
  }

  /// Overwrites a file behind the store's back, as root can.
  static void overwrite(Path file, byte[] bytes) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Files.write(file, bytes);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
  }

  static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> tree = Files.walk(directory)) {
      return tree.filter(Files::isRegularFile).toList();
    }
  }

  static VerifiedChunk chunk(String text) {
    return VerifiedChunk.of(text.getBytes(StandardCharsets.UTF_8));
  }

  static VerifiedChunk chunk(long seed, int size) {
    byte[] bytes = new byte[size];
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    random.nextBytes(bytes);
    return VerifiedChunk.of(bytes);
  }

  static ChunkKey key(int entry) {
    return ChunkKey.ofFile(entry);
  }

  /// A file of several chunks.
  record BigFile(VerifiedChunk whole, List<VerifiedChunk> chunks) {
    static BigFile of(long seed, int... sizes) {
      List<VerifiedChunk> chunks = new ArrayList<>();
      for (int i = 0; i < sizes.length; i++) {
        chunks.add(chunk(seed + i, sizes[i]));
      }
      return of(chunks);
    }

    static BigFile of(List<VerifiedChunk> chunks) {
      ByteBuffer all = ByteBuffer.allocate(chunks.stream().mapToInt(VerifiedChunk::size).sum());
      chunks.forEach(chunk -> all.put(chunk.bytes()));
      return new BigFile(VerifiedChunk.of(all.array()), chunks);
    }

    byte[] bytes() {
      return whole.bytes();
    }

    Digest digest() {
      return whole.digest();
    }

    int size() {
      return whole.size();
    }

    List<PartOfFile> parts() {
      List<PartOfFile> parts = new ArrayList<>();
      long offset = 0;
      for (VerifiedChunk chunk : chunks) {
        parts.add(new PartOfFile(offset, chunk.digest(), chunk.size()));
        offset += chunk.size();
      }
      return parts;
    }

    void addParts(LayerCache layer, int entry) {
      long offset = 0;
      for (VerifiedChunk chunk : chunks) {
        assertThat(layer.addPart(new ChunkKey(entry, offset), chunk))
            .isInstanceOf(Published.Shared.class);
        offset += chunk.size();
      }
    }

    Published complete(LayerCache layer, int entry) {
      return layer.completeFile(entry, digest(), size(), parts());
    }
  }

  @Override
  public void close() throws IOException {
    repair();
    cache.close();
  }
}
