package dev.asterism.cache;

import static dev.asterism.cache.TestStore.LAYER;
import static dev.asterism.cache.TestStore.OTHER_LAYER;
import static dev.asterism.cache.TestStore.chunk;
import static dev.asterism.cache.TestStore.files;
import static dev.asterism.cache.TestStore.key;
import static dev.asterism.cache.TestStore.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.cache.TestStore.BigFile;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.linux.Errno;
import dev.asterism.linux.Links;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The store on file systems that are full, read-only, somebody else's, or better than ext4.
@Tag("kernel")
final class RealFileSystemTest {
  private static final VerifiedChunk HELLO = chunk("hello");

  /// Keeps nothing free: the file system itself is to say no.
  private static final CacheSettings SETTINGS =
      new CacheSettings(
          Duration.ofDays(1),
          Duration.ofMinutes(5),
          new Budget(new Limit.Unset(), new Limit.Bytes(0)),
          TestStore.QUIET);

  @TempDir Path temp;

  @BeforeEach
  void requireRoot() {
    Mounted.require("mount", "umount", "mkfs.ext4", "mkfs.xfs", "truncate");
  }

  @ParameterizedTest
  @ValueSource(strings = {"tmpfs", "ext4"})
  void addFile_fileSystemFull_isUncachedAndWhatIsThereStaysRight(String type) throws Exception {
    try (Mounted disk = small(type);
        DirectoryCache cache = open(disk.directory().resolve("cache"))) {
      List<VerifiedChunk> chunks =
          IntStream.range(0, 100).mapToObj(i -> chunk(i, 200_000)).toList();
      List<Published> outcomes = new ArrayList<>();
      for (int i = 0; i < chunks.size(); i++) {
        outcomes.add(cache.layer(LAYER).addFile(key(i), chunks.get(i)));
      }

      assertThat(outcomes.getFirst()).isInstanceOf(Published.Shared.class);
      assertThat(outcomes.getLast()).isEqualTo(new Published.Uncached(Cause.NO_SPACE));
      assertThat(cache.counters().writeFailures()).containsKey(Cause.NO_SPACE);
      for (Path file : files(cache.objects())) {
        assertThat(Digest.of(Files.readAllBytes(file)).hex())
            .isEqualTo(file.getFileName().toString());
      }
      BigFile big = BigFile.of(chunks.subList(0, 3));
      assertThat(big.complete(cache.layer(LAYER), 200)).isInstanceOf(Published.Uncached.class);
      assertThat(files(disk.directory().resolve("cache/wip"))).isEmpty();

      Files.delete(Path.of(((Published.Shared) outcomes.getFirst()).path().toString()));
      cache.removeLayer(LAYER);
      Files.delete(cache.fresh().resolve(relative(chunks.getFirst())));
      assertThat(cache.layer(LAYER).addFile(key(1), chunks.getFirst()))
          .isInstanceOf(Published.Shared.class);
    }
  }

  private Mounted small(String type) throws IOException, InterruptedException {
    Path directory = temp.resolve(type);
    return type.equals("tmpfs")
        ? Mounted.tmpfs(directory, "size=6m")
        : Mounted.image(directory, 12 << 20, "mkfs.ext4", "-q", "-m", "0");
  }

  @Test
  void addFile_turnedReadOnlyByTheKernel_isUncachedAndStillRead() throws Exception {
    try (Mounted disk = Mounted.image(temp.resolve("d"), 16 << 20, "mkfs.ext4", "-q")) {
      DirectoryCache cache = open(disk.directory().resolve("cache"));
      cache.layer(LAYER).addFile(key(1), HELLO);
      cache.persist();
      disk.remount("abort"); // ext4(5): what it does by itself when its metadata is damaged

      assertThat(cache.layer(LAYER).addFile(key(2), chunk("world")))
          .isInstanceOf(Published.Uncached.class);
      assertThat(cache.layer(LAYER).adoptFile(key(3), HELLO.digest(), 5)).isTrue();
      assertThat(TestStore.readAndClose(cache.find(HELLO.digest(), 5).orElseThrow()))
          .isEqualTo(HELLO.bytes());
      assertThat(cache.counters().writeFailures().keySet())
          .containsAnyOf(Cause.READ_ONLY, Cause.DISK);
      assertThatThrownBy(cache::close).isInstanceOf(IOException.class);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "true, mkfs.ext4 -q",
    "false, mkfs.ext4 -q -O ^has_journal",
    "false, mkfs.ext2 -q",
    "true, mkfs.xfs -q"
  })
  void keepsOrder_fileSystemWithAJournalOfNames_says(boolean kept, String mkfs) throws Exception {
    try (Mounted disk = Mounted.image(temp.resolve("d"), 320 << 20, mkfs.split(" "));
        CacheDisk local = LocalDisk.open(disk.directory())) {
      assertThat(local.keepsOrder()).isEqualTo(kept);
    }
  }

  /// As after a restart on a disk that the kernel has stopped writing to: what is there is served,
  /// and one process holds it, though the lock's file cannot be written.
  @Test
  void open_fileSystemReadOnly_servesAndKeepsAgainWhenItCan() throws Exception {
    try (Mounted disk = Mounted.image(temp.resolve("d"), 16 << 20, "mkfs.ext4", "-q")) {
      Path root = disk.directory().resolve("cache");
      try (DirectoryCache cache = open(root)) {
        cache.layer(LAYER).addFile(key(1), HELLO);
      }
      disk.remount("ro");

      try (DirectoryCache cache = open(root)) {
        assertThat(TestStore.readAndClose(cache.find(HELLO.digest(), 5).orElseThrow()))
            .isEqualTo(HELLO.bytes());
        assertThat(cache.layer(LAYER).addFile(key(2), chunk("world")))
            .isEqualTo(new Published.Uncached(Cause.READ_ONLY));
        assertThatThrownBy(() -> DirectoryCache.hold(root)).hasMessageContaining("is locked");

        disk.remount("rw");
        assertThatThrownBy(() -> DirectoryCache.hold(root)).hasMessageContaining("is locked");
        cache.persist();
        assertThat(cache.layer(LAYER).addFile(key(2), chunk("world")))
            .isInstanceOf(Published.Shared.class);
      }
      disk.remount("ro");
      DirectoryCache.hold(root).close();
      DirectoryCache.hold(root).close();
    }
  }

  /// ext4 takes 65,000 links to a file (`EXT4_LINK_MAX`).
  @Test
  void adoptFile_inodeHasAllTheLinksThatExt4Takes_getsASecondOne() throws Exception {
    try (Mounted disk = Mounted.image(temp.resolve("d"), 64 << 20, "mkfs.ext4", "-q");
        DirectoryCache cache = open(disk.directory().resolve("cache"))) {
      cache.layer(LAYER).addFile(key(1), HELLO);
      Path object = cache.objects().resolve(relative(HELLO));
      Path many = Files.createDirectory(disk.directory().resolve("many"));
      int errno = 0;
      for (int i = 0; i < 70_000 && errno == 0; i++) {
        errno = Links.tryLink(object.toString(), many + "/" + i);
      }
      assertThat(errno).isEqualTo(Errno.EMLINK.number());
      long full = status(object).inode();

      assertThat(cache.layer(OTHER_LAYER).adoptFile(key(2), HELLO.digest(), 5)).isTrue();
      assertThat(status(object).links()).isEqualTo(2);
      assertThat(status(object).inode()).isNotEqualTo(full);
      assertThat(cache.layer(LAYER).adoptFile(key(1), HELLO.digest(), 5)).isTrue();
      assertThat(status(object).links()).isEqualTo(3);
    }
  }

  @Test
  void addFile_layersOnAnotherFileSystem_isSharedWithoutTheLayersLink() throws Exception {
    Path root = temp.resolve("cache");
    open(root).close();
    try (Mounted _ = Mounted.tmpfs(root.resolve("layers"), "size=4m");
        DirectoryCache cache = open(root)) {
      assertThat(cache.abilities().noLinks()).isEmpty();
      assertThat(cache.abilities().noLayerLinks()).contains(Cause.OTHER_FILE_SYSTEM);
      Published published = cache.layer(LAYER).addFile(key(1), HELLO);
      assertThat(published).isInstanceOf(Published.Shared.class);
      assertThat(cache.counters().linkFailures()).containsKey(Cause.OTHER_FILE_SYSTEM);
      assertThat(cache.objects().resolve(relative(HELLO))).hasContent("hello");
      cache.removeLayer(LAYER);
    }
  }

  @Test
  void addFile_objectsOnAnotherFileSystem_isTheLayersOwnCopy() throws Exception {
    Path root = temp.resolve("cache");
    open(root).close();
    try (Mounted _ = Mounted.tmpfs(root.resolve("objects"), "size=4m");
        DirectoryCache cache = open(root)) {
      assertThat(cache.abilities().noLinks()).contains(Cause.OTHER_FILE_SYSTEM);
      assertThat(cache.mode()).isEqualTo(CacheMode.PLAIN);
      Path own = cache.own().resolve(LAYER.hex()).resolve(relative(HELLO));
      assertThat(cache.layer(LAYER).addFile(key(1), HELLO)).isEqualTo(new Published.Shared(own));
      assertThat(own).hasContent("hello");
    }
  }

  @Test
  void completeFile_fileSystemThatSharesBlocks_takesNoMoreSpace() throws Exception {
    Path directory = temp.resolve("xfs");
    try (Mounted disk =
            Mounted.image(directory, 320 << 20, "mkfs.xfs", "-q", "-m", "reflink=1,crc=1");
        DirectoryCache cache = open(disk.directory().resolve("cache"))) {
      assertThat(cache.abilities().sharesBlocks()).isTrue();
      BigFile big = BigFile.of(1, 4 << 20, 4 << 20, 4 << 20, 1234);
      big.addParts(cache.layer(LAYER), 7);
      cache.persist();
      long before = usedBytes(directory);

      assertThat(big.complete(cache.layer(LAYER), 7)).isInstanceOf(Published.Shared.class);
      cache.persist();

      assertThat(usedBytes(directory) - before).isLessThan(1 << 20);
      assertThat(cache.counters().bytesCloned()).isEqualTo(big.size());
      Path object = cache.objects().resolve(relative(big.whole()));
      assertThat(object).hasBinaryContent(big.bytes());
      assertThat(status(object).links()).isEqualTo(3);
    }
  }

  private static long usedBytes(Path directory) throws IOException {
    var store = Files.getFileStore(directory);
    return store.getTotalSpace() - store.getUnallocatedSpace();
  }

  private static Path relative(VerifiedChunk chunk) {
    String hex = chunk.digest().hex();
    return Path.of(hex.substring(0, 2), hex);
  }

  private static DirectoryCache open(Path root) throws IOException {
    CacheRoot.create(root);
    return DirectoryCache.open(root, LocalDisk.open(root), InstantSource.system(), SETTINGS);
  }
}
