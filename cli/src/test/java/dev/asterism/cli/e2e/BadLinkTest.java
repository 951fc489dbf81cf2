package dev.asterism.cli.e2e;

import static dev.asterism.cli.e2e.NodeBehindLink.lazy;
import static dev.asterism.cli.e2e.NodeBehindLink.random;
import static dev.asterism.testkit.layer.Entry.dir;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.link.LinkShape;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.registry.Fault;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.Target;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import dev.asterism.testkit.registry.Traffic;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A container that reads all of its image while the link, or who is behind it, turns bad: it reads
/// what the image holds, and there come at most twice the bytes that came on a good link, by a
/// bounded number of requests.
///
/// An image of each test's own, all alike: what one brings is of no use to the next.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class BadLinkTest {
  private static final int LAYERS = 3;
  private static final int FILES = 50; // of each layer
  private static final int SIZE = 40_000;
  private static final long ALL = (long) LAYERS * FILES * SIZE;

  private static final LinkShape GOOD = LinkShape.of(100, 20);
  private static final long LOOK = 500_000; // nanoseconds: 6 kB on the good link
  private static final long RESET_EVERY = 3_000; // milliseconds

  /// Else the link may have brought the image before the container reads.
  private static final String CONFIGURATION = "no_background_fetch = true\n";

  /// Three programs that read at once, and one that says what each file holds.
  private static final String READ =
      """
      for layer in 2 1 0; do
        cat /data/$layer/* > /dev/null &
      done
      sha256sum /data/*/*
      wait
      """;

  private NodeBehindLink rig;
  private TestNode node;
  private String configuration = "";
  private int images;
  private Cost good = new Cost(0, 0);

  /// What came over the link, headers too, and how many requests brought it.
  private record Cost(long bytes, int requests) {}

  @BeforeAll
  void start() throws IOException, InterruptedException {
    rig = NodeBehindLink.start();
    node = rig.node();
    configure(CONFIGURATION);
    rig.link().become(GOOD);
    Image image = new Image(images++);
    good = read(image, pulled(image), () -> {});
    assertThat(good.bytes()).isBetween(ALL, ALL + ALL / 4);
    rig.empty();
  }

  private void configure(String text) throws IOException, InterruptedException {
    if (!text.equals(configuration)) {
      rig.begin(text);
      configuration = text;
    }
  }

  @AfterEach
  void empty() throws IOException, InterruptedException {
    rig.empty();
  }

  @AfterAll
  void end() throws IOException {
    rig.close();
  }

  /// An image of random files; each layer says that a start needs its first ones.
  private static final class Image {
    private final String repository;
    private final TestLayer[] layers = new TestLayer[LAYERS];
    private final String sums;

    Image(int number) {
      repository = "bad-link/image" + number;
      StringBuilder right = new StringBuilder();
      for (int layer = 0; layer < LAYERS; layer++) {
        String folder = "data/" + layer;
        List<Entry> entries = new ArrayList<>(List.of(dir("data"), dir(folder)));
        List<String> first = new ArrayList<>();
        for (int i = 0; i < FILES; i++) {
          byte[] content = random(10_000 * number + 1_000 * layer + i, SIZE);
          String name = "%s/%03d".formatted(folder, i);
          entries.add(file(name, content));
          if (i < FILES / 10) {
            first.add(name);
          }
          right.append(Digest.of(content).hex()).append("  /").append(name).append('\n');
        }
        layers[layer] =
            lazy(
                new Layer(entries)
                    .estargz(EstargzOptions.DEFAULT.withLevel(1).withPrioritized(first)));
      }
      sums = right.toString().strip();
    }

    /// Returns what a registry was asked for of its layers.
    List<Traffic.Request> requests(TestRegistry registry) {
      List<Traffic.Request> requests = new ArrayList<>();
      for (TestLayer layer : layers) {
        requests.addAll(registry.traffic().list(Target.blob(layer.content().digest())));
      }
      return requests;
    }
  }

  /// What goes wrong, beside the test, until it is interrupted.
  private interface Trouble {
    void happen() throws InterruptedException;
  }

  /// Pulls an image, and returns a container of it that has read nothing.
  private String pulled(Image image) throws IOException, InterruptedException {
    rig.link().resetCounters();
    rig.registry().traffic().reset();
    String name = rig.serve(image.repository, "1", image.layers);
    rig.pull(name);
    return node.startIdle(name);
  }

  /// Has a container read all of its image, and returns what that has cost since before its pull.
  private Cost read(Image image, String container, Trouble trouble)
      throws IOException, InterruptedException {
    Thread troubling =
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              try {
                trouble.happen();
              } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
              }
            });
    Outcome outcome;
    try {
      outcome = node.execute(container, READ);
    } finally {
      troubling.interrupt();
      troubling.join();
    }
    assertThat(outcome.orThrow().text()).isEqualTo(image.sums);
    return new Cost(rig.link().bytesDown(), image.requests(rig.registry()).size());
  }

  private void assertBounded(Cost bad) {
    assertThat(bad.bytes()).isLessThan(2 * good.bytes());
    assertThat(bad.requests()).isLessThan(LAYERS * FILES);
  }

  /// Waits until a quarter of the image has come since the container began to read.
  private void awaitMiddle() throws InterruptedException {
    long enough = rig.link().bytesDown() + ALL / 4;
    while (rig.link().bytesDown() < enough) {
      LockSupport.parkNanos(LOOK);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }

  private void becomes(LinkShape shape) throws IOException, InterruptedException {
    configure(CONFIGURATION);
    rig.link().become(GOOD);
    Image image = new Image(images++);
    AtomicBoolean turned = new AtomicBoolean();

    Cost bad =
        read(
            image,
            pulled(image),
            () -> {
              awaitMiddle();
              rig.link().become(shape);
              turned.set(true);
            });

    assertThat(turned).isTrue();
    assertBounded(bad);
  }

  @Test
  void read_bandwidthFallsToATenthMeanwhile_isRightAndBounded()
      throws IOException, InterruptedException {
    becomes(LinkShape.of(10, 20));
  }

  @Test
  void read_roundTripJumpsToHalfASecondMeanwhile_isRightAndBounded()
      throws IOException, InterruptedException {
    becomes(LinkShape.of(100, 500));
  }

  @Test
  void read_connectionsAreResetEveryThreeSeconds_isRightAndBounded()
      throws IOException, InterruptedException {
    configure(CONFIGURATION);
    rig.link().become(LinkShape.of(5, 20)); // slow enough to see several
    Image image = new Image(images++);
    AtomicInteger resets = new AtomicInteger();

    Cost bad =
        read(
            image,
            pulled(image),
            () -> {
              while (true) {
                TimeUnit.MILLISECONDS.sleep(
                    RESET_EVERY); // not waiting for anything: that is the fault
                rig.link().dropConnections();
                resets.incrementAndGet();
              }
            });

    assertThat(resets).hasValueGreaterThan(1);
    assertBounded(bad);
  }

  @Test
  void read_oneRangeInTenIsRefused_isRightAndBounded() throws IOException, InterruptedException {
    configure(CONFIGURATION);
    rig.link().become(GOOD);
    Image image = new Image(images++);
    String container = pulled(image);
    rig.registry().faultEvery(10, Target.blobs(), new Fault.Status(503));

    Cost bad = read(image, container, () -> {});

    assertThat(image.requests(rig.registry())).anyMatch(request -> request.status() == 503);
    assertBounded(bad);
  }

  /// What a mirror says of lengths that is not so.
  static List<Fault> lies() {
    return List.of(
        new Fault.WrongLength(-100),
        new Fault.WrongLength(100),
        new Fault.CutAfter(5_000),
        new Fault.ClaimedRange("bytes 0-99/100"));
  }

  @ParameterizedTest
  @MethodSource("lies")
  void read_mirrorLiesAboutLengths_isRightAndBounded(Fault lie)
      throws IOException, InterruptedException {
    Image image = new Image(images++);
    try (TestRegistry mirror = TestRegistry.start()) {
      mirror.image(image.repository, "1", ImageConfig.running("/bin/sh"), List.of(image.layers));
      configure(mirrored(mirror));
      rig.link().become(GOOD);
      String container = pulled(image);
      int before = image.requests(mirror).size();
      assertThat(before).isPositive();
      mirror.fault(Target.blobs(), lie);

      Cost right = read(image, container, () -> {});

      int told = image.requests(mirror).size();
      assertThat(told).isGreaterThan(before);
      assertBounded(new Cost(right.bytes() + mirror.traffic().bytes(), right.requests() + told));
    }
  }

  /// Nothing comes before the mirror lies but the names.
  private String mirrored(TestRegistry mirror) {
    return """
    %s
    noprefetch = true
    [[resolver.host."%s".mirrors]]
    host = "%s"
    """
        .formatted(CONFIGURATION, rig.link().host(), mirror.host());
  }
}
