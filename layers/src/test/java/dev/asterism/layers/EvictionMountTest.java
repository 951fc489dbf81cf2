package dev.asterism.layers;

import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.CacheSettings;
import dev.asterism.cache.DirectoryCache;
import dev.asterism.content.Digest;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Outcome;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What a container sees of the store giving up everything again and again.
@Tag("kernel")
@Timeout(300)
final class EvictionMountTest {
  private static final int FILES = 40;

  /// A clock on which the store's seconds of grace pass in a tenth of one.
  private static InstantSource hurried() {
    Instant start = Instant.now();
    return () -> start.plusMillis(100 * (Instant.now().toEpochMilli() - start.toEpochMilli()));
  }

  @TempDir Path directory;

  @Test
  void read_whileEverythingIsEvicted_givesEveryByteAndNoError() throws Exception {
    List<Entry> entries = new ArrayList<>();
    List<String> sums = new ArrayList<>();
    for (int i = 0; i < FILES; i++) {
      int size = i % 10 == 9 ? 700_001 : 100 + 997 * i;
      byte[] bytes = RandomTrees.content(Seeds.generator(i), size);
      entries.add(file("f" + i, bytes));
      sums.add(Digest.of(bytes).hex() + "  f" + i);
    }
    try (Origin origin = Origin.start();
        LazyNode node =
            LazyNode.start(directory, origin, LazyNode.PATIENT, CacheSettings.DEFAULT, hurried())) {
      Path rootfs =
          node.mount(
              origin.add(Layer.of(entries.subList(0, 30).toArray(Entry[]::new))),
              origin.add(Layer.of(entries.subList(20, FILES).toArray(Entry[]::new))));
      DirectoryCache store = node.service().store();

      CompletableFuture<Outcome> reader = new CompletableFuture<>();
      Thread reading =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  reader.complete(LazyNode.sh(READ_AGAIN_AND_AGAIN, rootfs.toString(), text(sums)));
                } catch (Exception e) {
                  reader.completeExceptionally(e);
                }
              });
      while (!reader.isDone()) {
        store.persist();
        store.evict(Long.MAX_VALUE);
      }
      reading.join();

      assertThat(reader.get().orThrow().errorText()).isEmpty();
      assertThat(store.budget().evictedObjects()).isGreaterThan(3L * FILES);
      node.assertStoreIsRight();
    }
  }

  /// Checks every file, then has the kernel forget what it knows of them.
  private static final String READ_AGAIN_AND_AGAIN =
      """
      cd "$1" || exit 1
      for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        printf '%s' "$2" | sha256sum --quiet -c - || exit 1
        echo 3 > /proc/sys/vm/drop_caches
      done
      """;

  private static String text(List<String> lines) {
    return String.join("\n", lines) + "\n";
  }

  @Test
  void open_whileItsFileIsEvicted_goesOnReading() throws Exception {
    byte[] small = RandomTrees.content(Seeds.generator(1), 50_000);
    byte[] big = RandomTrees.content(Seeds.generator(2), 900_001);
    try (Origin origin = Origin.start();
        LazyNode node =
            LazyNode.start(directory, origin, LazyNode.PATIENT, CacheSettings.DEFAULT, hurried())) {
      Path rootfs = node.mount(origin.add(Layer.of(file("small", small), file("big", big))));
      DirectoryCache store = node.service().store();
      assertThat(LazyNode.cat(rootfs, "small").out()).isEqualTo(small);
      assertThat(LazyNode.cat(rootfs, "big").out()).isEqualTo(big);
      LazyNode.await(() -> node.objectSizes().size() == 2);

      CompletableFuture<Outcome> reader = new CompletableFuture<>();
      Thread reading =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  reader.complete(
                      LazyNode.sh(
                          """
                          cd "$1"; exec 3< small 4< big; head -c 10 <&3; head -c 10 <&4
                          echo open > "$2/open"; while [ ! -e "$2/go" ]; do sleep 0.01; done
                          echo 3 > /proc/sys/vm/drop_caches; cat <&3; cat <&4; cat small big
                          """,
                          rootfs.toString(),
                          directory.toString()));
                } catch (Exception e) {
                  reader.completeExceptionally(e);
                }
              });
      LazyNode.await(() -> java.nio.file.Files.exists(directory.resolve("open")));
      LazyNode.await(() -> {
        store.persist();
        store.evict(Long.MAX_VALUE);
        return node.objectSizes().isEmpty();
      });
      java.nio.file.Files.createFile(directory.resolve("go"));
      reading.join();

      byte[] expected = new byte[2 * (small.length + big.length)];
      System.arraycopy(small, 0, expected, 0, 10);
      System.arraycopy(big, 0, expected, 10, 10);
      System.arraycopy(small, 10, expected, 20, small.length - 10);
      System.arraycopy(big, 10, expected, small.length + 10, big.length - 10);
      System.arraycopy(small, 0, expected, small.length + big.length, small.length);
      System.arraycopy(big, 0, expected, 2 * small.length + big.length, big.length);
      assertThat(reader.get().orThrow().out()).isEqualTo(expected);
    }
  }
}
