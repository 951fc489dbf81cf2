package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.layers.LazyNode.sh;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.DirectoryCache;
import dev.asterism.cache.Finding;
import dev.asterism.cache.StoreProgress;
import dev.asterism.cache.VerifyOptions;
import dev.asterism.content.Digest;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What containers read when somebody has been at the store behind the daemon's back.
@Tag("kernel")
@Timeout(300)
final class DamagedStoreTest {
  private static final int FILES = 12;
  private static final int READ = 100; // bytes
  private static final byte[] BIG = RandomTrees.content(Seeds.generator(41), 1_200_000);

  @TempDir Path directory;

  /// What is done to every file below `$1`, which is as often in `$1` as layers link to it.
  enum Damage {
    DELETED("find \"$1\" -type f -delete"),
    TRUNCATED("find \"$1\" -type f -exec truncate -s 100 {} +"),
    EMPTIED("find \"$1\" -type f -exec truncate -s 0 {} +"),
    LONGER("for f in $(find \"$1\" -type f); do echo more >> $f; done"),
    OVERWRITTEN("for f in $(find \"$1\" -type f); do printf x | dd of=$f conv=notrunc; done");

    private final String script;

    Damage(String script) {
      this.script = script;
    }
  }

  private static Layer layer() {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < FILES; i++) {
      entries.add(file("small" + i, content(i)));
    }
    entries.add(file("big", BIG));
    return new Layer(entries);
  }

  private static byte[] content(int i) {
    return RandomTrees.content(Seeds.generator(i), 3_000 + i);
  }

  private static void assertRight(Path rootfs) throws Exception {
    assertThat(cat(rootfs, "big").orThrow().out()).isEqualTo(BIG);
    for (int i = 0; i < FILES; i++) {
      assertThat(cat(rootfs, "small" + i).orThrow().out()).isEqualTo(content(i));
    }
  }

  /// The kernel reads what is in the store without asking, so what was damaged there has to be
  /// found first: by a verification, as here, or by the scrub. What is gone needs nobody.
  @ParameterizedTest
  @EnumSource
  void read_everyObjectDamaged_isRightOnceItIsFound(Damage damage) throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(layer()));
      assertRight(rootfs);
      LazyNode.await(() -> node.objectSizes().size() == FILES + 1);
      DirectoryCache store = node.service().store();

      sh(damage.script, node.root().resolve("cache/objects").toString()).orThrow();
      if (damage != Damage.DELETED) {
        var found = store.verify(VerifyOptions.FULL.withRepair(), StoreProgress.NONE);
        assertThat(found.findings()).isNotEmpty().allMatch(Finding::repaired);
        if (damage == Damage.OVERWRITTEN) { // a wrong size is seen by what is fetched again, too
          assertThat(found.findings()).hasSizeGreaterThan(FILES);
        }
      }
      LazyNode.dropCaches();

      assertRight(rootfs);
      assertRight(node.mount(node.requests().toArray(LayerRequest[]::new)));
      node.assertStoreIsRight();
    }
  }

  /// No link can be made where the kernel would find the file: the gate serves it.
  @Test
  void read_placeForTheKernelIsTaken_isServedByTheGate() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(layer()));
      String fan = Digest.of(content(1)).hex().substring(0, 2);
      sh(
              "rm -rf \"$1/$2\" && echo in the way > \"$1/$2\"",
              node.service().store().fresh().toString(),
              fan)
          .orThrow();

      assertThat(cat(rootfs, "small1").orThrow().out()).isEqualTo(content(1));
    }
  }

  /// What the gate is asked for it looks at before it serves it.
  @Test
  void read_partsTruncatedBeforeTheFileIsWhole_isRight() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(layer()));
      sh("head -c 1 \"$1/big\"; head -c 1 \"$1/small1\"", rootfs.toString()).orThrow();

      sh(Damage.TRUNCATED.script, node.root().resolve("cache/chunks").toString()).orThrow();
      LazyNode.dropCaches();

      assertRight(rootfs);
      node.assertStoreIsRight();
    }
  }

  /// Who has a file open at the gate since before it was whole is served by the daemon until the
  /// end.
  @Test
  void read_openFileTruncatedSinceItIsWhole_isRight() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(Layer.of(file("big", BIG))));
      assertThat(cat(rootfs, "big").orThrow().out()).isEqualTo(BIG);
      LazyNode.await(() -> node.objectSizes().equals(List.of((long) BIG.length)));
      try (ObjectReader reader =
          new ObjectReader(Digest.of(BIG), BIG.length, node.service().fetching())) {
        assertThat(read(reader, 0)).isEqualTo(Arrays.copyOf(BIG, READ));

        sh(Damage.TRUNCATED.script, node.root().resolve("cache/objects").toString()).orThrow();

        int last = BIG.length - READ;
        assertThat(read(reader, last)).isEqualTo(Arrays.copyOfRange(BIG, last, BIG.length));
      }
    }
  }

  private static byte[] read(ObjectReader reader, long offset) throws IOException {
    byte[] bytes = new byte[READ];
    assertThat(reader.read(offset, new SegmentBuffer(MemorySegment.ofArray(bytes))))
        .isEqualTo(READ);
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ": > links.json",
        "truncate -s 1G links.json",
        "printf '{\"format\":\"asterism links\",\"version\":99}' > links.json",
        "printf '{\"format\":\"asterism links\",\"version\":1,\"digests\":[[\"00' > links.json",
        "rm -f links.json links.journal*; mkdir links.json"
      })
  void start_linksFileDamaged_readsAsBefore(String damage) throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(layer()));
      assertRight(rootfs);
      node.unmount(rootfs);
      node.stop();
      sh("cd \"$1\" && " + damage, node.root().resolve("cache").toString()).orThrow();

      node.start();

      int before = origin.fetches(node.requests().getFirst()).size();
      assertRight(node.mount(node.requests().toArray(LayerRequest[]::new)));
      assertThat(origin.fetches(node.requests().getFirst())).hasSize(before);
      node.assertStoreIsRight();
    }
  }
}
