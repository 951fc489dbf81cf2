package dev.asterism.cache.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.ChunkKey;
import dev.asterism.cache.DirectoryCache;
import dev.asterism.cache.LayerCache;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StoreSurveyTest {
  private static final Digest A = layer("a");
  private static final Digest B = layer("b");
  private static final Digest C = layer("c");

  @TempDir private Path root;
  private DirectoryCache cache;

  @BeforeEach
  void open() throws IOException {
    cache = DirectoryCache.open(root, InstantSource.system());
  }

  @AfterEach
  void close() throws IOException {
    cache.close();
  }

  private static Digest layer(String name) {
    return Digest.of(name.getBytes(StandardCharsets.UTF_8));
  }

  private static VerifiedChunk chunk(int seed, int size) {
    byte[] bytes = new byte[size];
    RandomGeneratorFactory.of("L64X128MixRandom").create(seed).nextBytes(bytes);
    return VerifiedChunk.of(bytes);
  }

  private StoreSurvey survey() throws IOException {
    return StoreSurvey.of(root, _ -> {});
  }

  private static Amount amount(StoreSurvey survey, Digest... layers) {
    Set<Digest> wanted = Set.of(layers);
    return survey.groups().stream()
        .filter(group ->
            wanted.equals(
                new HashSet<>(
                    group.holders().stream().map(i -> survey.layers().get(i).layer()).toList())))
        .map(SharedBy::amount)
        .reduce(Amount.NONE, Amount::plus);
  }

  @Test
  void of_noStore_findsNothing(@TempDir Path elsewhere) throws IOException {
    StoreSurvey survey = StoreSurvey.of(elsewhere.resolve("none"), _ -> {});

    assertThat(survey.layers()).isEmpty();
    assertThat(survey.content()).isEqualTo(Amount.NONE);
  }

  @Test
  void of_filesOfSeveralLayers_groupsEachUnderExactlyItsHolders() throws IOException {
    VerifiedChunk all = chunk(1, 5000);
    VerifiedChunk two = chunk(2, 100);
    VerifiedChunk one = chunk(3, 9000);
    for (Digest layer : List.of(A, B, C)) {
      cache.layer(layer).addFile(ChunkKey.ofFile(1), all);
    }
    cache.layer(A).addFile(ChunkKey.ofFile(2), two);
    cache.layer(C).addFile(ChunkKey.ofFile(2), two);
    cache.layer(B).addPart(new ChunkKey(3, 0), one);

    StoreSurvey survey = survey();

    assertThat(survey.layers())
        .extracting(LayerHold::layer)
        .containsExactlyElementsOf(new TreeSet<>(List.of(A, B, C)));
    assertThat(amount(survey, A, B, C)).isEqualTo(new Amount(1, 5000, 8192));
    assertThat(amount(survey, A, C)).isEqualTo(new Amount(1, 100, 4096));
    assertThat(amount(survey, B)).isEqualTo(new Amount(1, 9000, 12_288));
    assertThat(survey.groups()).hasSize(3);
    assertThat(survey.objects().files()).isEqualTo(2);
    assertThat(survey.parts().files()).isEqualTo(1);
    assertThat(survey.fresh()).isEqualTo(3);
    assertThat(survey.saved()).isEqualTo(2 * 8192 + 4096);
    assertThat(survey.unused()).isEqualTo(Amount.NONE);
  }

  @Test
  void of_theSameFileTwiceInALayer_countsItOnceAndItsLinksTwice() throws IOException {
    VerifiedChunk file = chunk(1, 5000);
    cache.layer(A).addFile(ChunkKey.ofFile(1), file);
    cache.layer(A).addFile(ChunkKey.ofFile(2), file);

    StoreSurvey survey = survey();

    assertThat(amount(survey, A)).isEqualTo(new Amount(1, 5000, 8192));
    assertThat(survey.layers().getFirst().links()).isEqualTo(2);
    assertThat(survey.layers().getFirst().linked()).isEqualTo(10_000);
    assertThat(survey.saved()).isZero();
  }

  @Test
  void of_layerThatIsRemoved_leavesWhatOnlyItHeldUnused() throws IOException {
    cache.layer(A).addFile(ChunkKey.ofFile(1), chunk(1, 5000));
    cache.removeLayer(A);

    StoreSurvey survey = survey();

    assertThat(survey.layers()).isEmpty();
    assertThat(survey.unused()).isEqualTo(new Amount(1, 5000, 8192));
  }

  @Test
  void of_copyThatIsUnderNoDigest_isTheLayersOwn() throws IOException {
    cache.layer(A).addFile(ChunkKey.ofFile(1), chunk(1, 5000));
    Files.write(root.resolve("layers").resolve(A.hex()).resolve("00/7-0"), new byte[100]);

    StoreSurvey survey = survey();

    assertThat(survey.own()).isEqualTo(new Amount(1, 100, 4096));
    assertThat(amount(survey, A)).isEqualTo(new Amount(2, 5100, 12_288));
  }

  /// The sum of what is counted is what the file system has allocated: nothing twice, nothing left
  /// out.
  @Test
  void of_randomStore_addsUpToTheBlocksOnTheDisk() throws IOException {
    long seed = System.nanoTime();
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    List<VerifiedChunk> chunks = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      chunks.add(chunk(i, 1 + random.nextInt(20_000)));
    }
    for (int i = 0; i < 2000; i++) {
      LayerCache layer = cache.layer(layer("layer " + random.nextInt(12)));
      VerifiedChunk chunk = chunks.get(random.nextInt(chunks.size()));
      layer.addFile(ChunkKey.ofFile(i), chunk);
    }
    cache.removeLayer(layer("layer 0"));
    cache.persist(); // the journal does not grow any more

    StoreSurvey survey = survey();

    assertThat(
            survey.content().stored()
                + survey.overhead()
                + survey.layers().stream().mapToLong(LayerHold::directories).sum())
        .as("seed %d", seed)
        .isEqualTo(allocated());
    assertThat(byHolders(survey)).as("seed %d", seed).isEqualTo(recounted());
  }

  private static Map<Set<String>, Long> byHolders(StoreSurvey survey) {
    Map<Set<String>, Long> sizes = new HashMap<>();
    for (SharedBy group : survey.groups()) {
      Set<String> holders = new HashSet<>();
      group.holders().forEach(i -> holders.add(survey.layers().get(i).layer().hex()));
      sizes.put(holders, group.amount().size());
    }
    return sizes;
  }

  /// Asks every name for its file, the slow way.
  private Map<Set<String>, Long> recounted() throws IOException {
    Map<Object, Set<String>> holders = new HashMap<>();
    Map<Object, Long> sizes = new HashMap<>();
    for (Path file : files()) {
      if (file.startsWith(root.resolve("objects")) || file.startsWith(root.resolve("layers"))) {
        Object inode = Files.getAttribute(file, "unix:ino");
        sizes.put(inode, Files.size(file));
        Set<String> layers = holders.computeIfAbsent(inode, _ -> new HashSet<>());
        if (file.startsWith(root.resolve("layers"))) {
          layers.add(root.relativize(file).getName(1).toString());
        }
      }
    }
    Map<Set<String>, Long> sums = new HashMap<>();
    holders.forEach(
        (inode, layers) -> sums.merge(layers, sizes.getOrDefault(inode, 0L), Long::sum));
    return sums;
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> tree = Files.walk(root)) {
      return tree.filter(Files::isRegularFile).toList();
    }
  }

  private long allocated() throws IOException {
    Process du =
        new ProcessBuilder("du", "-s", "--block-size=1", root.toString())
            .redirectErrorStream(true)
            .start();
    String text = new String(du.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return Long.parseLong(text.substring(0, text.indexOf('\t')));
  }
}
