package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.await;
import static dev.asterism.layers.LazyNode.sh;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.Budget;
import dev.asterism.cache.CacheSettings;
import dev.asterism.cache.DirectoryCache;
import dev.asterism.cache.Limit;
import dev.asterism.cache.Pin;
import dev.asterism.cache.Upkeep;
import dev.asterism.content.Digest;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What `min_free` does on a disk that somebody else fills.
@Tag("kernel")
@Timeout(300)
final class MinFreeMountTest {
  private static final int FILES = 120;
  private static final int PINNED = 10;
  private static final int SIZE = 200_000; // bytes of each file, about
  private static final long MIN_FREE = 24L << 20; // 24 MiB

  @TempDir Path directory;

  /// A clock on which the store's seconds of grace pass in a tenth of one.
  private static InstantSource hurried() {
    Instant start = Instant.now();
    return () -> start.plusMillis(10 * (Instant.now().toEpochMilli() - start.toEpochMilli()));
  }

  private static int size(int number) {
    return SIZE + number; // tells the objects apart
  }

  private static byte[] content(int number) {
    return RandomTrees.content(Seeds.generator(number), size(number));
  }

  private static Layer layer(int from, int to, List<String> sums) {
    List<Entry> entries = new ArrayList<>();
    for (int i = from; i < to; i++) {
      entries.add(file("f" + i, content(i)));
      sums.add(Digest.of(content(i)).hex() + "  f" + i + "\n");
    }
    return new Layer(entries);
  }

  /// The daemon's whole root is on the disk, as on a node.
  private void mountDisk() throws Exception {
    Path root = Files.createDirectories(directory.resolve("root"));
    Path image = directory.resolve("disk.img");
    Command.of("truncate", "-s", "96M", image.toString()).runOrThrow();
    Command.of("mkfs.ext4", "-q", "-m", "0", image.toString()).runOrThrow();
    Command.of("mount", "-o", "loop", image.toString(), root.toString()).runOrThrow();
  }

  /// Leaves so many bytes free.
  private void fill(long left) throws Exception {
    long free = Files.getFileStore(directory.resolve("root")).getUsableSpace();
    Command.of("fallocate", "-l", Long.toString(free - left))
        .with(directory.resolve("root/others").toString())
        .runOrThrow();
  }

  @Test
  void disk_filledByOthers_hasTheStoreShrinkAndHarmsNoReadAndNoPinnedImage() throws Exception {
    Machine.requireRootAnd("mkfs.ext4", "fallocate", "mount", "sha256sum");
    mountDisk();
    CacheSettings settings =
        new CacheSettings(
            Duration.ofMillis(200),
            Duration.ofSeconds(2),
            new Budget(new Limit.Unset(), new Limit.Bytes(MIN_FREE)),
            Upkeep.DEFAULT);
    List<String> sums = new ArrayList<>();
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin, LazyNode.PATIENT, settings, hurried())) {
      LayerRequest pinned = origin.add(layer(0, PINNED, sums));
      LayerRequest other = origin.add(layer(PINNED, FILES, sums));
      Path rootfs = node.mount(pinned, other);
      DirectoryCache store = node.service().store();
      store.pin(new Pin("registry.example/kept:1", List.of(pinned.layer()), Instant.now()));
      sh(CHECK, rootfs.toString(), String.join("", sums), "/").orThrow();
      await(() -> node.objectSizes().size() == FILES);
      int requests = origin.ranges(pinned).size();

      Path stop = directory.resolve("stop");
      CompletableFuture<Outcome> reader = new CompletableFuture<>();
      Thread reading =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  reader.complete(
                      sh(CHECK, rootfs.toString(), String.join("", sums), stop.toString()));
                } catch (Exception e) {
                  reader.completeExceptionally(e);
                }
              });
      fill(MIN_FREE - (8 << 20));
      await(() -> store.budget().evictedObjects() > 0 && store.budget().free() >= MIN_FREE);
      Files.createFile(stop);
      reading.join();

      assertThat(reader.get().orThrow().errorText()).isEmpty();
      sh(CHECK, rootfs.toString(), String.join("", sums), "/").orThrow(); // what went comes again
      await(() -> store.budget().free() >= MIN_FREE);
      assertThat(store.budget().unreachable()).isEmpty();
      List<Long> left = node.objectSizes();
      assertThat(left).hasSizeLessThan(FILES);
      for (int i = 0; i < PINNED; i++) {
        assertThat(left).contains((long) size(i));
      }
      assertThat(origin.ranges(pinned)).as("nothing pinned is fetched again").hasSize(requests);
      node.assertStoreIsRight();
    }
  }

  /// Checks every file, has the kernel forget what it knows of them, and again until `$3` exists.
  private static final String CHECK =
      """
      cd "$1" || exit 1
      while printf '%s' "$2" | sha256sum --quiet -c - || exit 1; do
        echo 3 > /proc/sys/vm/drop_caches
        [ ! -e "$3" ] || exit 0
      done
      """;
}
