package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.await;
import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.estargz.TocLocator;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.registry.Fault;
import dev.asterism.testkit.registry.Target;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What one start read, the next one has before it asks.
@Tag("kernel")
@Timeout(300)
final class LearnedOrderTest {
  private static final byte[] SMALL = content(1, 9_001);
  private static final byte[] CHANGED = content(2, 9_500);
  private static final byte[] BIG = content(3, 700_001);
  private static final byte[] NEVER = content(4, 300_001);
  private static final byte[] AGAIN = content(5, 400_001);
  private static final StartPolicy LEARNING =
      StartPolicy.NOTHING.with(StartPolicy.Learning.DEFAULT);

  @TempDir Path directory;

  private static byte[] content(long seed, int size) {
    return RandomTrees.content(Seeds.generator(seed), size);
  }

  private LazyNode node(String name, Origin origin, StartPolicy policy) throws Exception {
    return LazyNode.start(
        Files.createDirectories(directory.resolve(name)), origin, LazyNode.PATIENT, policy);
  }

  /// Far apart, so that reading one does not bring the other.
  private static Layer version(byte[] small) {
    return Layer.of(
        file("bin/small", small),
        file("pad", AGAIN),
        file("never", NEVER),
        file("pad2", content(6, 400_002)),
        file("lib/big", BIG));
  }

  private static Profile learn(LazyNode node, Path rootfs, String... files) throws Exception {
    for (String file : files) {
      cat(rootfs, file).orThrow();
    }
    node.stop(); // what goes on is written down
    List<Profile> profiles = ProfileStore.of(node.root()).list();
    assertThat(profiles).hasSize(1);
    return profiles.getFirst();
  }

  private static boolean has(LazyNode node, byte[] content) throws Exception {
    return !node.find("cache", "-name", Digest.of(content).hex()).isEmpty();
  }

  @Test
  void start_over_isKeptWithPathsForRootAlone() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = node("one", origin, LEARNING)) {
      LayerRequest layer = origin.add(version(SMALL));
      Path rootfs = node.mount(layer);

      Profile profile = learn(node, rootfs, "bin/small", "lib/big");

      assertThat(profile.image()).isEqualTo(layer.image());
      assertThat(profile.files()).extracting(Profile.File::path).contains("bin/small", "lib/big");
      assertThat(profile.files()).extracting(Profile.File::path).doesNotContain("never");
      try (Stream<Path> files = Files.list(node.root().resolve("profiles"))) {
        assertThat(files)
            .singleElement()
            .satisfies(kept ->
                assertThat(Files.getPosixFilePermissions(kept))
                    .isEqualTo(PosixFilePermissions.fromString("rw-------")));
      }
    }
  }

  @Test
  void start_over_isRecorded() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = node("one", origin, StartPolicy.NOTHING)) {
      LayerRequest layer = origin.add(version(SMALL));
      Path rootfs = node.mount(layer);
      LayerService service = node.service();
      cat(rootfs, "lib/big").orThrow();
      node.stop();

      assertThat(service.starts().recent())
          .singleElement()
          .satisfies(start -> {
            assertThat(start.image()).isEqualTo(layer.image());
            assertThat(start.waitCount()).isPositive();
            assertThat(start.waits()).extracting(StartRecord.Wait::path).contains("lib/big");
            assertThat(start.requests()).containsKey(FetchClass.READ);
            assertThat(start.timeline().requests())
                .hasSize(start.requests().values().stream().mapToInt(Long::intValue).sum())
                .allSatisfy(request -> {
                  assertThat(request.whole()).isTrue();
                  assertThat(request.bytes()).isEqualTo(request.range().length());
                  assertThat(request.answered()).isBetween(request.begin(), request.end());
                });
            assertThat(start.timeline().pauses())
                .hasSize((int) start.waitCount())
                .extracting(StartRecord.Pause::path)
                .contains("lib/big");
            assertThat(start.timeline().unlistedRequests()).isZero();
            assertThat(start.causes().values().stream().mapToLong(StartRecord.Cause::calls).sum())
                .isEqualTo(start.waitCount());
            assertThat(start.causes().values().stream().mapToInt(StartRecord.Cause::requests).sum())
                .isPositive();
            assertThat(start.line()).startsWith("start-recorded image=" + layer.image());
          });
      assertThat(ProfileStore.of(node.root()).list()).isEmpty(); // learning is off
    }
  }

  @Test
  void start_whoseConnectionBreaks_saysWhatWasRepeated() throws Exception {
    try (Origin origin = Origin.startQuick();
        LazyNode node = node("one", origin, StartPolicy.NOTHING)) {
      LayerRequest layer = origin.add(version(SMALL));
      Path rootfs = node.mount(layer);
      LayerService service = node.service();
      origin.registry().faultNext(1, Target.blobs(), new Fault.CutAfter(1000));
      cat(rootfs, "bin/small").orThrow();
      node.stop();

      assertThat(service.starts().recent())
          .singleElement()
          .satisfies(start ->
              assertThat(start.timeline().pauses())
                  .filteredOn(pause -> pause.cause() == WaitCause.REPEATED)
                  .singleElement()
                  .satisfies(pause -> {
                    assertThat(pause.path()).isEqualTo("bin/small");
                    assertThat(pause.requests()).isEqualTo(2);
                  }));
    }
  }

  @Test
  void start_ofWhichNoProfileCanBeWritten_isRecordedAllTheSame() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = node("one", origin, LEARNING)) {
      LayerRequest layer = origin.add(version(SMALL));
      Path rootfs = node.mount(layer);
      LayerService service = node.service();
      cat(rootfs, "bin/small").orThrow();
      Files.writeString(node.root().resolve("profiles"), "no directory");
      node.stop();

      assertThat(service.starts().recent())
          .extracting(StartRecord::image)
          .containsExactly(layer.image());
    }
  }

  @Test
  void replay_anotherVersion_fetchesChangedFilesByPath() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode first = node("one", origin, LEARNING);
        LazyNode second = node("two", origin, LEARNING)) {
      LayerRequest old = origin.add(version(SMALL));
      Profile profile = learn(first, first.mount(old), "bin/small", "lib/big");
      LayerRequest changed = origin.add(version(CHANGED));
      ProfileStore.of(second.root()).put(profile);

      second.mount(version(":2", changed));

      await(() -> has(second, CHANGED));
      await(() -> has(second, BIG) || second.objectSizes().contains((long) BIG.length));
      assertThat(has(second, NEVER)).isFalse();
    }
  }

  @Test
  void replay_profileThatClaimsEverything_fetchesNoMoreThanItsBound() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = node("one", origin, StartPolicy.NOTHING)) {
      LayerRequest layer = origin.add(version(SMALL));
      node.mount(layer);
      LayerContent content = node.service().fetching().catalog().layer(layer.layer()).orElseThrow();
      Profile wrong =
          new Profile(
              layer.image(),
              Instant.EPOCH,
              Long.MAX_VALUE / 2,
              List.of(Digest.of(SMALL)),
              Stream.of("lib/big", "never", "pad", "pad2", "bin/small", "gone")
                  .map(path ->
                      new Profile.File(
                          0, 0, Digest.of(CHANGED), 7, List.of(new ByteRange(0, 7)), path))
                  .toList());

      List<LayerChunk> chunks =
          new Replay(wrong, 500_000)
              .plan(
                  content,
                  node.root()
                      .resolve("layers")
                      .resolve(layer.layer().hex())
                      .resolve("layer.erofs"));

      assertThat(chunks).isNotEmpty();
      assertThat(chunks.stream().mapToLong(Batch::packed).sum()).isBetween(400_000L, 500_000L);
    }
  }

  private static LayerRequest version(String tag, LayerRequest layer) {
    return new LayerRequest(
        layer.image().replace(":1", tag), layer.layer(), layer.tocDigest(), layer.verification());
  }

  @Test
  void replay_fileWasRenamed_isFoundByItsContent() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode first = node("one", origin, LEARNING);
        LazyNode second = node("two", origin, LEARNING)) {
      LayerRequest old = origin.add(version(SMALL));
      Profile profile = learn(first, first.mount(old), "bin/small");
      LayerRequest renamed =
          origin.add(Layer.of(file("pad", AGAIN), file("never", NEVER), file("opt/other", SMALL)));
      ProfileStore.of(second.root()).put(profile);

      second.mount(version(":2", renamed));

      await(() -> has(second, SMALL));
      assertThat(has(second, NEVER)).isFalse();
    }
  }

  /// The record names all that a start used: what a file of it names is not asked for once more.
  @Test
  void replay_fileThatNamesAModule_bringsItOnlyIfItWasUsed() throws Exception {
    byte[] main = "\u00a7\r\r\n\u00da\u0005_fastr".getBytes(StandardCharsets.ISO_8859_1);
    byte[] module = content(7, 12_000); // one chunk: what is of several counts as used when it came
    Layer layer =
        Layer.of(
            file("lib/__pycache__/main.cpython-311.pyc", main),
            file("pad", AGAIN),
            file("pad2", content(6, 400_002)),
            file("lib/lib-dynload/_fast.cpython-311-x86_64-linux-gnu.so", module));
    try (Origin origin = Origin.start();
        LazyNode first = node("one", origin, LEARNING);
        LazyNode second = node("two", origin, LEARNING)) {
      LayerRequest request = origin.add(layer);
      Path rootfs = first.mount(request);
      cat(rootfs, "lib/__pycache__/main.cpython-311.pyc").orThrow();
      await(() -> has(first, module)); // it was never seen what this start uses
      Profile profile = learn(first, rootfs);
      ProfileStore.of(second.root()).put(profile);

      Path again = second.mount(request);
      assertThat(cat(again, "lib/__pycache__/main.cpython-311.pyc").orThrow().out())
          .isEqualTo(main);

      await(() -> second.service().fetchedBytes().getOrDefault(FetchClass.LEARNED, 0L) > 0);
      await(() ->
          second.service().fetches().stream()
              .allMatch(fetch -> fetch.queued() == 0 && fetch.running().isEmpty()));
      Thread.sleep(300); // would be long enough for a look into the file
      assertThat(has(second, module)).isFalse();
      assertThat(unasked(second)).isZero();
    }
  }

  private static long unasked(LazyNode node) throws Exception {
    return Stream.of(FetchClass.READAHEAD, FetchClass.GUESS)
        .mapToLong(each -> node.service().fetchedBytes().getOrDefault(each, 0L))
        .sum();
  }

  @Test
  void replay_boundOfTheConfiguration_holdsForWhatIsFetched() throws Exception {
    long bound = 450_000;
    try (Origin origin = Origin.start();
        LazyNode first = node("one", origin, LEARNING);
        LazyNode second =
            node("two", origin, StartPolicy.NOTHING.with(new StartPolicy.Learning(true, bound)))) {
      LayerRequest layer = origin.add(version(SMALL));
      Profile profile = learn(first, first.mount(layer), "bin/small", "pad", "lib/big", "pad2");
      ProfileStore.of(second.root()).put(profile);
      origin.registry().traffic().reset();

      second.mount(layer);

      await(() -> second.service().fetchedBytes().getOrDefault(FetchClass.LEARNED, 0L) > bound / 2);
      await(() ->
          second.service().fetches().stream()
              .allMatch(fetch -> fetch.queued() == 0 && fetch.running().isEmpty()));
      assertThat(second.service().fetchedBytes().get(FetchClass.LEARNED))
          .isLessThanOrEqualTo(bound + LazyNode.PATIENT.quantum()); // gaps may come along
    }
  }

  /// One of an image that has long been another, or that somebody made: `docs/fetching.md` says
  /// what a replay may cost, over all layers together.
  @Test
  void replay_profileThatNamesMoreThanItsStartUsed_costsAQuarterMoreAndAMebibyteAtMost()
      throws Exception {
    long used = 800_000;
    long bound = used + used / 4 + (1 << 20);
    int files = 16;
    try (Origin origin = Origin.start();
        LazyNode node = node("one", origin, LEARNING)) {
      LayerRequest lower = origin.add(numbered(0, files / 2));
      LayerRequest upper = origin.add(numbered(files / 2, files));
      Profile old =
          new Profile(
              lower.image(),
              Instant.EPOCH,
              used,
              List.of(Digest.of(SMALL)),
              IntStream.range(0, files)
                  .mapToObj(i ->
                      new Profile.File(
                          0,
                          0,
                          Digest.of(CHANGED),
                          400_000,
                          List.of(new ByteRange(0, 400_000)),
                          "file" + i))
                  .toList());
      ProfileStore.of(node.root()).put(old);

      Path rootfs = node.mount(lower, upper);

      await(() -> node.service().fetchedBytes().getOrDefault(FetchClass.LEARNED, 0L) > bound / 2);
      await(() ->
          node.service().fetches().stream()
              .allMatch(fetch -> fetch.queued() == 0 && fetch.running().isEmpty()));
      long came =
          Stream.of(lower, upper)
              .flatMap(layer -> origin.ranges(layer).stream())
              .filter(range -> range.length() != TocLocator.MAX_FOOTER_SIZE)
              .mapToLong(ByteRange::length)
              .sum();
      assertThat(came).isBetween(bound / 2, bound + 2L * LazyNode.PATIENT.quantum());
      assertThat(cat(rootfs, "file" + (files - 1)).orThrow().out())
          .isEqualTo(content(100 + files - 1, 400_000));
    }
  }

  /// Files of 400,000 bytes each.
  private static Layer numbered(int from, int to) {
    return Layer.of(
        IntStream.range(from, to)
            .mapToObj(i -> file("file" + i, content(100 + i, 400_000)))
            .toArray(Entry[]::new));
  }

  /// Otherwise what a replay may fetch would grow with each start.
  @Test
  void start_usesOtherFilesThanTheLast_countsTheFormerByWhatTheyTakeInTheBlob() throws Exception {
    byte[] sparse = new byte[3_000_000];
    try (Origin origin = Origin.start();
        LazyNode node = node("one", origin, LEARNING)) {
      LayerRequest layer =
          origin.add(Layer.of(file("sparse", sparse), file("never", NEVER), file("lib/big", BIG)));
      Profile before = learn(node, node.mount(layer), "sparse");
      node.start();

      Profile after = learn(node, node.mount(layer), "lib/big");

      assertThat(after.files()).extracting(Profile.File::path).contains("sparse", "lib/big");
      assertThat(after.bytes()).isLessThan(before.bytes() + BIG.length + NEVER.length);
    }
  }

  @Test
  void start_profileIsDamaged_worksAndReplacesIt() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = node("one", origin, LEARNING)) {
      LayerRequest layer = origin.add(version(SMALL));
      ProfileStore.of(node.root())
          .put(new Profile(layer.image(), Instant.EPOCH, 1, List.of(), List.of()));
      try (Stream<Path> files = Files.list(node.root().resolve("profiles"))) {
        Files.writeString(files.findFirst().orElseThrow(), "\0garbage");
      }
      Path rootfs = node.mount(layer);

      assertThat(cat(rootfs, "bin/small").out()).isEqualTo(SMALL);

      Profile profile = learn(node, rootfs, "bin/small");
      assertThat(profile.files()).extracting(Profile.File::path).contains("bin/small");
    }
  }
}
