package dev.asterism.cache.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.testkit.layer.Seeds;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class LinksIndexTest {
  private record Key(Digest layer, int entry, long offset) {}

  private final LinksIndex index = new LinksIndex();

  static Digest digest(String text) {
    return Digest.of(text.getBytes(StandardCharsets.UTF_8));
  }

  static LongStream seeds() {
    return Seeds.of(2);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void anyChanges_againstAModel_areWhatTheModelSays(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Map<Digest, Long> sizes = new HashMap<>();
    Map<Key, Digest> held = new HashMap<>();
    List<Digest> digests = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      digests.add(digest("digest " + i));
    }
    List<Digest> layers = List.of(digest("layer 1"), digest("layer 2"), digest("layer 3"));

    for (int step = 0; step < 60_000; step++) {
      Digest digest = digests.get(random.nextInt(digests.size()));
      Digest layer = layers.get(random.nextInt(layers.size()));
      Key key = new Key(layer, random.nextInt(2000), random.nextInt(2) * 4096L);
      switch (random.nextInt(20)) {
        case 0, 1, 2 -> {
          index.removed(digest);
          sizes.remove(digest);
          held.values().removeIf(digest::equals);
        }
        case 3, 4 -> {
          index.unlinked(key.layer, key.entry, key.offset);
          held.remove(key);
        }
        case 5 -> {
          if (random.nextInt(200) == 0) {
            index.layerRemoved(layer);
            held.keySet().removeIf(k -> k.layer.equals(layer));
          }
        }
        default -> {
          long size = 1L + random.nextInt(1_000_000);
          index.added(Place.OBJECT, digest, size, step, 0);
          index.linked(key.layer, key.entry, key.offset, digest);
          sizes.put(digest, size);
          held.put(key, digest);
        }
      }
    }

    assertThat(index.digests()).isEqualTo(sizes.size());
    assertThat(index.keys()).isEqualTo(held.size());
    assertThat(index.bytes()).isEqualTo(sizes.values().stream().mapToLong(size -> size).sum());
    for (Digest digest : digests) {
      assertThat(index.find(digest).map(LinksIndex.Entry::size))
          .isEqualTo(java.util.Optional.ofNullable(sizes.get(digest)));
      Set<Key> expected = new HashSet<>(held.keySet());
      expected.removeIf(key -> !digest.equals(held.get(key)));
      assertThat(keysOf(digest)).isEqualTo(expected);
    }
    held.forEach((key, digest) ->
        assertThat(index.find(key.layer, key.entry, key.offset).orElseThrow().digest())
            .isEqualTo(digest));
  }

  private Set<Key> keysOf(Digest digest) {
    Set<Key> keys = new HashSet<>();
    index.keys(digest, (layer, entry, offset) -> keys.add(new Key(layer, entry, offset)));
    return keys;
  }

  @Test
  void linked_toAnotherDigest_leavesTheFirst() {
    Digest layer = digest("layer");
    index.added(Place.OBJECT, digest("a"), 1, 1, 0);
    index.added(Place.OBJECT, digest("b"), 1, 1, 0);
    index.linked(layer, 7, 0, digest("a"));
    index.linked(layer, 7, 0, digest("b"));
    assertThat(keysOf(digest("a"))).isEmpty();
    assertThat(keysOf(digest("b"))).containsExactly(new Key(layer, 7, 0));
  }

  @Test
  void removed_fromOneOfTwoPlaces_staysKnown() {
    index.added(Place.OBJECT, digest("a"), 1, 1, 0);
    index.added(Place.CHUNK, digest("a"), 1, 1, 0);
    index.removed(Place.CHUNK, digest("a"));
    assertThat(index.find(digest("a")).orElseThrow().isChunk()).isFalse();
    index.removed(Place.OBJECT, digest("a"));
    assertThat(index.find(digest("a"))).isEmpty();
  }

  @Test
  void used_later_isTheLastUse() {
    index.added(Place.OBJECT, digest("a"), 1, 1000, 0);
    index.used(digest("a"), 1000 + LinksIndex.USE_STEP);
    index.used(digest("a"), 500);
    assertThat(index.lastUse(digest("a"))).isEqualTo(1000 + LinksIndex.USE_STEP);
  }

  @Test
  void memory_ofDigestsWithOneKeyEach_isUnder120BytesEach() {
    SplittableRandom random = new SplittableRandom(4);
    Digest layer = digest("layer");
    int next = 300_000;
    for (int i = 1; i <= 600_000; i++) {
      Digest digest =
          new Digest(random.nextLong(), random.nextLong(), random.nextLong(), random.nextLong());
      index.added(Place.CHUNK, digest, 4096, 1, 0);
      index.linked(layer, i, 0, digest);
      if (i == next) { // also where tables have just grown
        assertThat(index.memory()).isLessThan(120L * i);
        next += 5_000;
      }
    }
  }

  @Test
  void changes_ofManyThreads_leaveNoKeyOfWhatWasRemoved() throws Exception {
    int threads = 8;
    List<Digest> digests = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      digests.add(digest("digest " + i));
    }
    Digest layer = digest("layer");
    CyclicBarrier start = new CyclicBarrier(threads);
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<?>> running = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        SplittableRandom random = new SplittableRandom(t);
        running.add(
            pool.submit(() -> {
              start.await();
              for (int i = 0; i < 50_000; i++) {
                Digest digest = digests.get(random.nextInt(digests.size()));
                switch (random.nextInt(8)) {
                  case 0 -> index.removed(digest);
                  case 1 -> index.unlinked(layer, random.nextInt(100), 0);
                  case 2 -> {
                    if (random.nextInt(500) == 0) {
                      index.layerRemoved(layer);
                    }
                  }
                  default -> {
                    index.added(Place.OBJECT, digest, 1, i, 0);
                    index.linked(layer, random.nextInt(100), 0, digest);
                  }
                }
              }
              return null;
            }));
      }
      for (Future<?> one : running) {
        one.get();
      }
    }
    long found = 0;
    for (Digest digest : digests) {
      for (Key key : keysOf(digest)) {
        assertThat(index.find(key.layer, key.entry, key.offset).orElseThrow().digest())
            .isEqualTo(digest);
        found++;
      }
    }
    assertThat(index.keys()).isEqualTo(found);
    digests.forEach(index::removed);
    assertThat(index.keys()).isZero();
    assertThat(index.digests()).isZero();
    assertThat(index.bytes()).isZero();
  }

  @Test
  void shares_digestsWithSeveralHolders_areDividedAmongThem() {
    index.added(Place.OBJECT, digest("alone"), 5000, 1, 0);
    index.added(Place.OBJECT, digest("of three"), 9000, 1, 0);
    index.added(Place.CHUNK, digest("of nobody"), 7000, 1, 0);
    Digest one = digest("layer 1");
    index.linked(one, 1, 0, digest("alone"));
    index.linked(one, 2, 0, digest("of three"));
    index.linked(one, 3, 0, digest("of three")); // the same file twice in a layer
    for (int i = 2; i < 4; i++) {
      index.linked(digest("layer " + i), 7, 0, digest("of three"));
    }

    assertThat(index.shares(size -> (size + 4095) / 4096 * 4096))
        .containsOnly(
            Map.entry(one, new LayerShare(8192 + 12288 / 3, 1)),
            Map.entry(digest("layer 2"), new LayerShare(12288 / 3, 0)),
            Map.entry(digest("layer 3"), new LayerShare(12288 / 3, 0)));
  }

  @Test
  void shares_ofManyLayers_areTogetherWhatAllDigestsTake() {
    SplittableRandom random = new SplittableRandom(7);
    long held = 0;
    for (int i = 0; i < 5000; i++) {
      Digest digest = digest("digest " + i);
      long size = random.nextLong(1, 100_000);
      index.added(Place.OBJECT, digest, size, 1, 0);
      int holders = random.nextInt(4) == 0 ? random.nextInt(1, 90) : 1;
      for (int holder = 0; holder < holders; holder++) {
        index.linked(digest("layer " + random.nextInt(200)), i, 0, digest);
      }
      held += size;
    }

    Map<Digest, LayerShare> shares = index.shares(size -> size);

    assertThat(shares).hasSize(200);
    assertThat(shares.values().stream().mapToLong(LayerShare::bytes).sum())
        .isBetween(held - 200, held + 200);
    assertThat(shares.values().stream().mapToLong(LayerShare::files).sum()).isBetween(4900L, 5100L);
  }
}
