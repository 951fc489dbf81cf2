package dev.asterism.cli.e2e;

import static dev.asterism.cli.e2e.NodeBehindLink.await;
import static dev.asterism.cli.e2e.NodeBehindLink.bytes;
import static dev.asterism.cli.e2e.NodeBehindLink.lazy;
import static dev.asterism.cli.e2e.NodeBehindLink.overlaps;
import static dev.asterism.cli.e2e.NodeBehindLink.random;
import static dev.asterism.cli.e2e.NodeBehindLink.ranges;
import static dev.asterism.testkit.layer.Entry.dir;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cli.e2e.NodeBehindLink.Start;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.link.LinkShape;
import dev.asterism.testkit.link.ShapedLink;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What `docs/fetching.md` says of the scheduler, seen by containers and by the registry, which
/// tells what it was asked for: containerd, runc and the daemon, at the other end of a link.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class FetchingTest {
  private static final int KIB = 1 << 10;
  private static final int MIB = 1 << 20;

  /// Nothing comes but what is read and what lies beside it.
  private static final String READS =
      """
      no_background_fetch = true
      noprefetch = true
      [learned]
      disable = true
      """;

  private static final String BACKGROUND =
      """
      noprefetch = true
      [learned]
      disable = true
      """;

  private static final String PREFETCH =
      """
      no_background_fetch = true
      [learned]
      disable = true
      [outage]
      mode = "fail"
      [blob]
      max_retries = 1
      [resolver]
      request_timeout_sec = 2
      """;

  private static final String LEARNING =
      """
      no_background_fetch = true
      noprefetch = true
      """;

  private static final byte[] SMALL = random(41, 100 * KIB);
  private static final byte[] NEVER = random(42, 300 * KIB);
  private static final byte[] BIG = random(43, 900 * KIB);
  private static final String ALL = "cat /data/* | sha256sum";

  private NodeBehindLink rig;
  private TestNode node;

  @BeforeAll
  void start() throws IOException, InterruptedException {
    rig = NodeBehindLink.start();
    node = rig.node();
  }

  @AfterEach
  void empty() throws IOException, InterruptedException {
    rig.empty();
  }

  @AfterAll
  void end() throws IOException {
    rig.close();
  }

  private static EstargzOptions chunks(int size) {
    return EstargzOptions.DEFAULT.withLevel(1).withChunkSize(size);
  }

  /// A layer of files in `data`, whose content is random.
  private static List<Entry> many(int seed, int count, int size) {
    List<Entry> entries = new ArrayList<>(List.of(dir("data")));
    for (int i = 0; i < count; i++) {
      entries.add(file("data/%03d".formatted(i), random(1000 * seed + i, size)));
    }
    return entries;
  }

  /// What [#ALL] prints of a layer.
  private static String sumOf(List<Entry> entries) {
    MessageDigest hasher = Digest.hasher();
    entries.stream()
        .filter(entry -> entry.content().length > 0)
        .sorted(Comparator.comparing(Entry::name))
        .forEach(entry -> hasher.update(entry.content()));
    return Digest.finish(hasher).hex() + "  -";
  }

  private static String sumOf(byte[] content) {
    return Digest.of(content).hex();
  }

  /// The background goes through the layer in its order, and would be at the last file in a minute.
  @Test
  void read_whileTheBackgroundFetches_isServedFirstAndNothingComesTwice()
      throws IOException, InterruptedException {
    rig.begin(BACKGROUND);
    byte[] last = random(1, 300 * KIB);
    byte[] first = random(2, 24 * MIB);
    TestLayer own =
        lazy(
            Layer.of(
                    dir("data"),
                    file("data/first", first),
                    file("data/last", last),
                    file("data/pad", random(3, 2 * MIB)))
                .estargz(chunks(256 * KIB)));
    Digest layer = own.content().digest();
    String image = rig.serve("fetching/overtaken", "1", own);
    rig.link().become(LinkShape.of(4, 20));
    rig.pull(image);
    String container = node.startIdle(image);
    await(() -> rig.admin("/v1/fetching").replaceAll("\\s", "").contains("\"why\":\"background\""));

    assertThat(node.execute(container, "sha256sum /data/last").orThrow().text())
        .startsWith(sumOf(last));

    assertThat(rig.field(layer, "complete")).isEqualTo("false");
    assertThat(rig.admin("/metrics"))
        .containsPattern("asterism_fetch_requests_total\\{class=\"read\"} [1-9]");
    rig.link().become(NodeBehindLink.ORDINARY);
    rig.awaitComplete(layer);
    List<ByteRange> asked = rig.ranges(layer);
    int read = indexOf(asked, range -> range.end() > first.length + 1000);
    assertThat(asked.subList(read, asked.size()))
        .as("of %s", asked)
        .anyMatch(range -> range.end() < first.length);
    assertThat(overlaps(asked)).isEmpty();
    assertThat(node.execute(container, "sha256sum /data/first").orThrow().text())
        .startsWith(sumOf(first));
  }

  private interface Fits {
    boolean test(ByteRange range);
  }

  private static int indexOf(List<ByteRange> ranges, Fits fits) {
    return IntStream.range(0, ranges.size())
        .filter(i -> fits.test(ranges.get(i)))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void read_inSequence_asksForFarLessRangesThanChunksAndSaysSo()
      throws IOException, InterruptedException {
    rig.begin(READS);
    int chunks = 96;
    int files = 120;
    byte[] big = random(4, chunks * 64 * KIB);
    List<Entry> entries = many(5, files, 6_000);
    entries.addAll(List.of(dir("big"), file("big/file", big)));
    TestLayer own = lazy(new Layer(entries).estargz(chunks(64 * KIB)));
    Digest layer = own.content().digest();
    String image = rig.serve("fetching/ahead", "1", own);
    rig.pull(image);
    rig.registry().traffic().reset();

    assertThat(node.run(TestNode.ASTERISM, image, ALL + "; sha256sum /big/file"))
        .isEqualTo(sumOf(many(5, files, 6_000)) + "\n" + sumOf(big) + "  /big/file");

    Start start = rig.awaitStart(image);
    List<ByteRange> asked = rig.ranges(layer);
    assertThat(asked).hasSizeBetween(2, (chunks + files) / 4);
    assertThat(overlaps(asked)).isEmpty();
    assertThat(start.number("read-requests")).isPositive();
    assertThat(start.number("readahead-requests")).isPositive();
    assertThat(start.sum("requests")).isEqualTo(asked.size());
    assertThat(start.sum("bytes")).isEqualTo(bytes(asked));
    assertThat(start.number("waits")).isBetween(1L, (long) chunks + files);
    assertThat(start.number("files")).isGreaterThan(files);
    assertThat(rig.ask("why", image))
        .startsWith(image + ", ")
        .contains("big/file")
        .contains("%d calls waited".formatted(start.number("waits")))
        .containsPattern("\nread +%d ".formatted(start.number("read-requests")))
        .containsPattern("\nreadahead +%d ".formatted(start.number("readahead-requests")));
    List<String> causes = List.of("cold", "coming", "queued", "repeated", "unpacked");
    assertThat(causes.stream().mapToLong(cause -> start.number(cause + "-waits")).sum())
        .isEqualTo(start.number("waits"));
    assertThat(causes.stream().mapToLong(cause -> start.number(cause + "-round-trips")).sum())
        .isPositive();
    String why = rig.ask("why", image);
    assertThat(causes)
        .filteredOn(cause -> why.contains("  " + cause + ": "))
        .isEqualTo(causes.stream().filter(cause -> start.number(cause + "-waits") > 0).toList());
    Path picture = node.root().resolveSibling("start.svg");
    assertThat(rig.ask("why", "--json", "--timeline", picture.toString(), image))
        .contains("\"unlistedRequests\" : 0", "\"path\" : \"big/file\"")
        .satisfies(
            json -> assertThat(occurrences(json, "\"answeredMicros\"")).isEqualTo(asked.size()));
    assertThat(Files.readString(picture))
        .startsWith("<svg ")
        .satisfies(svg -> {
          assertThat(occurrences(svg, "<g><title>"))
              .isBetween(1L, (long) asked.size()); // none that was made after the last use;
          assertThat(occurrences(svg, "<g class=\"wait\">")).isEqualTo(start.number("waits"));
        });
  }

  private static long occurrences(String text, String of) {
    return Pattern.compile(Pattern.quote(of)).matcher(text).results().count();
  }

  /// A layer of which the image says that a start needs two files.
  private static Layer.EstargzBlob marked(int seed) {
    return Layer.of(
            dir("data"),
            file("data/other", random(seed, 3 * MIB)),
            file("data/one", random(seed + 1, 200 * KIB)),
            file("data/two", random(seed + 2, 700 * KIB)))
        .estargz(chunks(256 * KIB).withPrioritized(List.of("data/one", "data/two")));
  }

  @Test
  void image_withALandmark_hasWhatLiesBeforeItAndNoMore() throws IOException, InterruptedException {
    rig.begin(PREFETCH);
    TestLayer own = lazy(marked(10));
    String image = rig.serve("fetching/marked", "1", own);
    rig.pull(image);
    await(() -> isPrefetched(own.content().digest()));
    String container = node.startIdle(image);
    rig.cutOff();

    assertThat(node.execute(container, "cat /data/one /data/two | sha256sum").orThrow().text())
        .isEqualTo(
            sumOf(List.of(file("1", random(11, 200 * KIB)), file("2", random(12, 700 * KIB)))));
    assertThat(node.execute(container, "sha256sum /data/other").exitCode()).isNotZero();
  }

  private boolean isPrefetched(Digest layer) throws IOException {
    return node.log()
        .lines()
        .anyMatch(line -> line.contains("\"prefetch_size\"") && line.contains(layer.toString()));
  }

  @Test
  void image_withALandmarkAndNoPrefetchConfigured_fetchesOnlyWhatIsRead()
      throws IOException, InterruptedException {
    rig.begin(READS);
    String image = rig.serve("fetching/marked", "2", lazy(marked(20)));
    rig.pull(image);

    assertThat(node.run(TestNode.ASTERISM, image, "sha256sum /data/one"))
        .startsWith(sumOf(random(21, 200 * KIB)));

    Start start = rig.awaitStart(image);
    assertThat(start.number("prefetch-requests")).isZero();
    assertThat(start.number("read-requests")).isPositive();
    assertThat(rig.has(random(22, 700 * KIB))).isFalse();
  }

  @Test
  void layer_daemonIsKilledWhileItComes_goesOnWhereItWasAndThenNeedsNobody()
      throws IOException, InterruptedException {
    rig.begin(BACKGROUND);
    List<Entry> entries = many(30, 12, MIB);
    TestLayer own = lazy(new Layer(entries).estargz(chunks(128 * KIB)));
    Digest layer = own.content().digest();
    String image = rig.serve("fetching/restarted", "1", own);
    rig.link().become(LinkShape.of(16, 20));
    rig.pull(image);
    await(() -> rig.stored(layer) > 3L * MIB);
    long stored = rig.stored(layer);
    node.killDaemon();
    assertThat(stored).isLessThan(10L * MIB);
    rig.link().dropConnections();
    rig.link().become(NodeBehindLink.ORDINARY);
    rig.registry().traffic().reset();

    node.startDaemon();
    rig.awaitComplete(layer);

    assertThat(bytes(rig.ranges(layer))).isBetween(1L, 12L * MIB - stored + MIB);
    rig.begin(BACKGROUND);
    rig.cutOff();
    assertThat(node.run(TestNode.ASTERISM, image, ALL)).isEqualTo(sumOf(entries));
    assertThat(rig.link().connections()).isZero();
    assertThat(rig.field(layer, "complete")).isEqualTo("true");
  }

  /// Far apart, so that reading one does not bring the other.
  private static TestLayer version(byte[] small) {
    return lazy(
        Layer.of(
                dir("data"),
                file("data/small", small),
                file("data/pad", random(44, 500 * KIB)),
                file("data/never", NEVER),
                file("data/pad2", random(45, 500 * KIB)),
                file("data/big", BIG))
            .estargz(chunks(256 * KIB)));
  }

  @Test
  void start_secondOneOfAnImage_hasWhatTheFirstRead() throws IOException, InterruptedException {
    rig.begin(LEARNING);
    String read = "cat /data/small /data/big | sha256sum";
    String right = sumOf(List.of(file("1", SMALL), file("2", BIG)));
    String image = rig.serve("fetching/learned", "1", version(SMALL));
    rig.pull(image);
    assertThat(node.run(TestNode.ASTERISM, image, read)).isEqualTo(right);
    assertThat(rig.awaitStart(image).number("learned-requests")).isZero();
    Path file = node.root().resolveSibling("exported");

    assertThat(profile("list")).contains(image);
    assertThat(profile("show", image))
        .contains("/data/small", "/data/big")
        .doesNotContain("/data/never");
    profile("export", "--output", file.toString(), image);

    rig.forgetContent();
    node.startDaemon();
    node.awaitReconnection();
    assertThat(node.run(TestNode.ASTERISM, image, read)).isEqualTo(right);
    Start again = rig.awaitStart(image);
    assertThat(again.number("learned-bytes")).isGreaterThan(BIG.length / 2);
    assertThat(again.sum("bytes")).isLessThan(SMALL.length + BIG.length + 600L * KIB);
    assertThat(rig.has(NEVER)).isFalse();

    byte[] changed = random(46, 120 * KIB);
    String next = rig.serve("fetching/learned", "2", version(changed));
    rig.pull(next);
    await(() -> rig.has(changed)); // by its path, and before anybody reads
    assertThat(rig.has(NEVER)).isFalse();

    rig.forgetContent();
    rig.remove("profiles");
    String elsewhere = rig.serve("fetching/known-elsewhere", "1", version(random(47, 130 * KIB)));
    assertThat(profile("import", "--image", elsewhere, file.toString())).contains(elsewhere);
    node.startDaemon();
    node.awaitReconnection();
    rig.pull(elsewhere);
    await(() -> rig.has(BIG));
    assertThat(node.run(TestNode.ASTERISM, elsewhere, "sha256sum /data/big"))
        .startsWith(sumOf(BIG));
    assertThat(rig.has(NEVER)).isFalse();
  }

  private String profile(String command, String... words) throws IOException, InterruptedException {
    return Asterism.command("profile", command, "--root", node.root().toString())
        .with(words)
        .runOrThrow()
        .text();
  }

  @Test
  void image_ofWhichALabelSaysWhole_comesInFewRangesWithoutBeingRead()
      throws IOException, InterruptedException {
    rig.begin(READS);
    int files = 60;
    List<Entry> entries = many(50, files, 40_000);
    TestLayer own =
        lazy(new Layer(entries).estargz(chunks(256 * KIB)))
            .annotated("containerd.io/snapshot/remote/asterism.whole", "true");
    Digest layer = own.content().digest();
    String image = rig.serve("fetching/whole", "1", own);
    rig.pull(image);
    String container = node.startIdle(image);
    await(() -> rig.stored(layer) >= files * 40_000L);
    assertThat(rig.ranges(layer)).hasSizeLessThan(files / 4);
    assertThat(overlaps(rig.ranges(layer))).isEmpty();
    rig.cutOff();

    assertThat(node.execute(container, ALL).orThrow().text()).isEqualTo(sumOf(entries));
    assertThat(rig.link().connections()).isZero();
  }

  @Test
  void layer_thatIsSeenToBeReadWhole_comesAheadOfTheReader()
      throws IOException, InterruptedException {
    rig.begin(READS);
    List<Entry> entries = many(60, 400, 40_000);
    TestLayer own = lazy(new Layer(entries).estargz(chunks(256 * KIB)));
    Digest layer = own.content().digest();
    String image = rig.serve("fetching/seen", "1", own);
    rig.pull(image);

    assertThat(node.run(TestNode.ASTERISM, image, ALL)).isEqualTo(sumOf(entries));

    Start start = rig.awaitStart(image);
    assertThat(start.number("prefetch-requests")).isPositive();
    assertThat(start.number("prefetch-bytes")).isGreaterThan(4L * MIB);
    assertThat(start.sum("requests")).isLessThan(400 / 4);
    assertThat(overlaps(rig.ranges(layer))).isEmpty();
  }

  @Test
  void containers_twoOfOneImageAtOnce_areServedByTheSameRanges() throws Exception {
    rig.begin(READS);
    List<Entry> entries = many(70, 100, 10_000);
    entries.add(file("data/big", random(71, 8 * MIB)));
    TestLayer own = lazy(new Layer(entries).estargz(chunks(256 * KIB)));
    Digest layer = own.content().digest();
    String image = rig.serve("fetching/two", "1", own);
    rig.pull(image);
    List<String> containers = List.of(node.startIdle(image), node.startIdle(image));

    for (Outcome outcome : atOnce(containers)) {
      assertThat(outcome.orThrow().text()).isEqualTo(sumOf(entries));
    }

    assertThat(rig.ranges(layer)).isNotEmpty();
    assertThat(overlaps(rig.ranges(layer))).isEmpty();
  }

  private List<Outcome> atOnce(List<String> containers) throws Exception {
    List<CompletableFuture<Outcome>> readers = new ArrayList<>();
    for (String container : containers) {
      readers.add(Readers.run(node.execution(container, ALL)));
    }
    List<Outcome> outcomes = new ArrayList<>();
    for (CompletableFuture<Outcome> reader : readers) {
      outcomes.add(reader.get());
    }
    return outcomes;
  }

  /// Two images on two registries that were built apart: not a layer is the same, most content is.
  /// A file is read through one of the layers that list it, whichever container asks.
  @Test
  void images_ofTwoRegistriesAtOnce_fetchWhatTheyShareOnce() throws Exception {
    rig.begin(READS);
    List<Entry> shared = many(80, 8, 2 * MIB);
    try (TestRegistry other = TestRegistry.start();
        ShapedLink way = ShapedLink.to(other.port(), NodeBehindLink.ORDINARY)) {
      TestLayer here = withNote(shared, "here");
      TestLayer there = withNote(shared, "there");
      TestLayer later = withNote(shared, "later");
      String one = rig.serve("fetching/here", "1", here);
      String two = rig.serve(other, way, "fetching/there", "1", there);
      String three = rig.serve(other, way, "fetching/later", "1", later);
      rig.pull(one);
      rig.pull(two);
      List<String> containers = List.of(node.startIdle(one), node.startIdle(two));

      for (Outcome outcome : atOnce(containers)) {
        assertThat(outcome.orThrow().text()).isEqualTo(sumOf(shared));
      }

      long came =
          bytes(rig.ranges(here.content().digest()))
              + bytes(ranges(other, there.content().digest()));
      assertThat(came).isBetween(16L * MIB, 17L * MIB);
      rig.pull(three);
      assertThat(node.run(TestNode.ASTERISM, three, ALL)).isEqualTo(sumOf(shared));
      assertThat(ranges(other, later.content().digest())).isEmpty();
    }
  }

  /// What nobody waits for is left to the registry that has it on its way.
  @Test
  void images_ofTwoRegistriesInTheBackground_fetchWhatTheyShareOnce() throws Exception {
    rig.begin(BACKGROUND);
    int size = 64 * MIB;
    List<Entry> shared = many(110, 32, 2 * MIB);
    try (TestRegistry other = TestRegistry.start();
        ShapedLink way = ShapedLink.to(other.port(), NodeBehindLink.ORDINARY)) {
      TestLayer here = withNote(shared, "here");
      TestLayer there = withNote(shared, "there");
      String one = rig.serve("background/here", "1", here);
      String two = rig.serve(other, way, "background/there", "1", there);
      rig.pull(one);
      rig.pull(two);

      rig.awaitComplete(here.content().digest());
      rig.awaitComplete(there.content().digest());

      long came =
          bytes(rig.ranges(here.content().digest()))
              + bytes(ranges(other, there.content().digest()));
      assertThat(came).isBetween((long) size, size + size / 8L);
    }
  }

  private static TestLayer withNote(List<Entry> shared, String text) {
    List<Entry> entries = new ArrayList<>(shared);
    entries.add(file("note", text.getBytes(StandardCharsets.UTF_8)));
    return lazy(new Layer(entries).estargz(chunks(256 * KIB)));
  }

  /// The same layer on two registries is one layer to a node.
  @Test
  void layer_onTwoRegistriesAtOnce_isFetchedOnce() throws Exception {
    rig.begin(READS);
    List<Entry> entries = many(90, 8, 2 * MIB);
    TestLayer own = lazy(new Layer(entries).estargz(chunks(256 * KIB)));
    Digest layer = own.content().digest();
    TestLayer between = lazy(Layer.of(file("between", "them")).estargz(chunks(256 * KIB)));
    try (TestRegistry other = TestRegistry.start();
        ShapedLink way = ShapedLink.to(other.port(), NodeBehindLink.ORDINARY)) {
      String one = rig.serve("fetching/same", "1", own);
      String two = rig.serve(other, way, "fetching/same", "1", between, own);
      rig.pull(one);
      rig.pull(two);
      List<String> containers = List.of(node.startIdle(one), node.startIdle(two));

      for (Outcome outcome : atOnce(containers)) {
        assertThat(outcome.orThrow().text()).isEqualTo(sumOf(entries));
      }

      List<ByteRange> all = new ArrayList<>(rig.ranges(layer));
      all.addAll(ranges(other, layer));
      assertThat(all).isNotEmpty();
      assertThat(overlaps(all)).isEmpty();
    }
  }

  // --- ten images, removed ones

  /// They are pulled at once, and each container reads as soon as it is there, while the prefetch
  /// and the background are under way, too.
  @Test
  void images_tenOfOneBaseAtOnce_fetchItOnce() throws Exception {
    rig.begin("");
    List<Entry> shared = many(120, 60, 40_000);
    shared.add(file("data/big", random(121, 4 * MIB)));
    TestLayer base =
        lazy(
            new Layer(shared)
                .estargz(chunks(128 * KIB).withPrioritized(List.of("data/007", "data/big"))));
    List<TestLayer> own = new ArrayList<>();
    List<String> images = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      own.add(lazy(Layer.of(file("own", random(1300 + i, 50 * KIB))).estargz(chunks(64 * KIB))));
      images.add(rig.serve("ten/image" + i, "1", base, own.getLast()));
    }
    rig.link().become(LinkShape.of(16, 20));
    rig.pullAtOnce(images);

    List<CompletableFuture<Outcome>> readers = new ArrayList<>();
    for (String image : images) {
      readers.add(Readers.run(node.execution(node.startIdle(image), ALL + "; sha256sum /own")));
    }

    for (int i = 0; i < readers.size(); i++) {
      assertThat(readers.get(i).get().orThrow().text())
          .isEqualTo("%s\n%s  /own".formatted(sumOf(shared), sumOf(random(1300 + i, 50 * KIB))));
    }
    own.add(base);
    for (TestLayer layer : own) {
      List<ByteRange> asked = rig.ranges(layer.content().digest());
      assertThat(asked).isNotEmpty();
      assertThat(overlaps(asked)).as("of %s", asked).isEmpty();
    }
  }

  /// Two layers that hold the same; what the one's ranges bring counts for the other, though nobody
  /// has the one any more.
  @Test
  void image_isRemovedWhileItComes_leavesWhatIsUnderWayToAnother() throws Exception {
    rig.begin(BACKGROUND);
    List<Entry> shared = many(130, 12, MIB);
    TestLayer gone = withNote(shared, "gone");
    TestLayer stays = withNote(shared, "stays");
    String one = rig.serve("removed/gone", "1", gone);
    String two = rig.serve("removed/stays", "1", stays);
    rig.link().become(LinkShape.of(24, 20));
    rig.pull(one);
    String first = node.startIdle(one);
    CompletableFuture<Outcome> ended = Readers.run(node.execution(first, ALL));
    await(() -> rig.stored(gone.content().digest()) > MIB);
    rig.pull(two);
    String second = node.startIdle(two);
    CompletableFuture<Outcome> reader = Readers.run(node.execution(second, ALL));

    node.containerd().remove(first);
    rig.removeImage(one);
    await(() -> rig.field(gone.content().digest(), "complete").isEmpty());
    assertThat(ended.get().exitCode()).isNotZero();
    assertThat(reader.isDone()).isFalse();

    assertThat(reader.get().orThrow().text()).isEqualTo(sumOf(shared));
    List<ByteRange> before = rig.ranges(gone.content().digest());
    List<ByteRange> after = rig.ranges(stays.content().digest());
    assertThat(before).isNotEmpty();
    assertThat(after).isNotEmpty();
    assertThat(bytes(before) + bytes(after)).isBetween(12L * MIB, 12L * MIB + MIB / 2);
  }

  // --- how long a container waits for its prefetch

  private static String prefetching(String keys) {
    return """
    no_background_fetch = true
    %s
    [learned]
    disable = true
    """
        .formatted(keys);
  }

  @Test
  void container_prefetchTimeoutConfigured_beginsWithWhatIsPrefetched()
      throws IOException, InterruptedException {
    rig.begin(prefetching("prefetch_timeout_sec = 600"));
    TestLayer own = lazy(marked(140));
    String image = rig.serve("fetching/waited-for", "1", own);
    rig.link().become(LinkShape.of(2, 20));
    rig.pull(image);
    assertThat(isPrefetched(own.content().digest())).isFalse();

    String container = node.startIdle(image);
    rig.cutOff();

    assertThat(node.execute(container, "cat /data/one /data/two | sha256sum").orThrow().text())
        .isEqualTo(
            sumOf(List.of(file("1", random(141, 200 * KIB)), file("2", random(142, 700 * KIB)))));
  }

  /// The registry says nothing more until the container runs.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "prefetch_timeout_sec = 1",
        "prefetch_timeout_sec = 600\nprefetch_async_size = 100000"
      })
  @Timeout(value = 2, unit = TimeUnit.MINUTES)
  void container_prefetchTakesLongerThanConfigured_beginsWithoutIt(String keys)
      throws IOException, InterruptedException {
    rig.begin(prefetching(keys));
    int seed = 150 + keys.length();
    TestLayer own = lazy(marked(seed));
    Digest layer = own.content().digest();
    String image = rig.serve("fetching/not-waited-for" + seed, "1", own);
    rig.link().become(LinkShape.of(2, 20));
    rig.pull(image);
    rig.registry().fallSilent();

    String container = node.startIdle(image);

    assertThat(isPrefetched(layer)).isFalse();
    rig.registry().up();
    rig.link().become(NodeBehindLink.ORDINARY);
    await(() -> isPrefetched(layer));
    assertThat(node.execute(container, "sha256sum /data/two").orThrow().text())
        .startsWith(sumOf(random(seed + 2, 700 * KIB)));
    assertThat(overlaps(rig.ranges(layer))).isEmpty();
  }
}
