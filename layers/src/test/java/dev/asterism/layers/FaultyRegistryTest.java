package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.await;
import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.testkit.layer.Entry.file;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.registry.Fault;
import dev.asterism.testkit.registry.Target;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A registry that is slow, wrong or away: a container sees right bytes or EIO, in bounded time,
/// and right bytes when the registry is right again.
@Tag("kernel")
@Timeout(300)
final class FaultyRegistryTest {
  private static final byte[] BIG = RandomTrees.content(Seeds.generator(3), 400_000);
  private static final byte[] SMALL = RandomTrees.content(Seeds.generator(4), 9_000);

  /// The gate's patience with a LOOKUP and an OPEN, ten seconds, is over then; that of the
  /// registry's client with one request, half a minute, is not.
  private static final Duration BEFORE_THE_CLIENT = Duration.ofSeconds(20);

  /// What no killed process takes to end, however busy the machine; its read would go on for a
  /// minute.
  private static final Duration AT_ONCE = Duration.ofSeconds(10);

  @TempDir Path directory;

  /// What a registry can do to an answer.
  @SuppressWarnings("ImmutableEnumChecker") // faults are records of values
  enum Trouble {
    STALL(new Fault.StallAfter(1000)),
    SILENCE(new Fault.Silence()),
    CUT(new Fault.CutAfter(1000)),
    RESET(new Fault.ResetAfter(1000)),
    UNAUTHORIZED(new Fault.Status(401)),
    NOT_FOUND(new Fault.Status(404)),
    NOT_SATISFIABLE(new Fault.Status(416)),
    UNAVAILABLE(new Fault.Status(503)),
    WHOLE_BLOB(new Fault.WholeBlob()),
    LONGER(new Fault.WrongLength(100)),
    SHORTER(new Fault.WrongLength(-100)),
    OTHER_RANGE(new Fault.OtherRange(-50, -50)),
    LATER_RANGE(new Fault.OtherRange(50, 50)),
    CLAIMED_RANGE(new Fault.ClaimedRange("bytes 7-9/10")),
    MULTIPART(new Fault.Multipart()),
    CHUNKED(new Fault.Chunked()),
    TRICKLE(new Fault.Trickle(100, Duration.ofMillis(20)));

    private static final Set<Trouble> SILENT = EnumSet.of(STALL, SILENCE, TRICKLE);

    final Fault fault;

    Trouble(Fault fault) {
      this.fault = fault;
    }

    /// Starts what is asked through: with little patience only where patience is all that helps.
    Origin origin() {
      return SILENT.contains(this) ? Origin.startImpatient() : Origin.startQuick();
    }

    FetchPolicy policy() {
      return SILENT.contains(this) ? LazyNode.IMPATIENT : LazyNode.PATIENT;
    }
  }

  private static Layer layer() {
    return Layer.of(
        file("small", SMALL),
        file("other", "something else"),
        file("big", BIG),
        file("last", "not in reach of a window"));
  }

  @ParameterizedTest
  @EnumSource
  void read_troubleWithEveryAnswer_isRightOrEioAndRightAfterwards(Trouble trouble)
      throws Exception {
    try (Origin origin = trouble.origin();
        LazyNode node = LazyNode.start(directory, origin, trouble.policy())) {
      Path rootfs = node.mount(origin.add(layer()));
      origin.registry().fault(Target.blobs(), trouble.fault);

      assertRightOrEio(cat(rootfs, "small"), SMALL);
      assertRightOrEio(cat(rootfs, "big"), BIG);

      origin.registry().clearFaults();
      assertThat(cat(rootfs, "small").orThrow().out()).isEqualTo(SMALL);
      assertThat(cat(rootfs, "big").orThrow().out()).isEqualTo(BIG);
    }
  }

  private static void assertRightOrEio(Outcome read, byte[] content) {
    if (read.exitCode() == 0) {
      assertThat(read.out()).isEqualTo(content);
    } else {
      assertThat(read.errorText()).endsWith("Input/output error");
      assertThat(read.out()).isEqualTo(Arrays.copyOf(content, read.out().length));
    }
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "STALL",
        "SILENCE",
        "CUT",
        "RESET",
        "UNAVAILABLE",
        "NOT_SATISFIABLE",
        "WHOLE_BLOB",
        "LONGER",
        "SHORTER",
        "OTHER_RANGE",
        "LATER_RANGE",
        "CLAIMED_RANGE",
        "MULTIPART",
        "CHUNKED"
      }) // what makes a client ask again, or is right in another way
  void read_troubleWithOneAnswer_isRight(Trouble trouble) throws Exception {
    try (Origin origin = trouble.origin();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(layer()));
      cat(rootfs, "last").orThrow();
      origin.registry().faultNext(1, Target.blobs(), trouble.fault);

      assertThat(cat(rootfs, "small").orThrow().out()).isEqualTo(SMALL);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"STALL", "CUT", "NOT_FOUND", "WHOLE_BLOB", "LONGER", "CLAIMED_RANGE"})
  void prepare_trouble_failsAndLeavesNothingOrIsRight(Trouble trouble) throws Exception {
    try (Origin origin = trouble.origin();
        LazyNode node = LazyNode.start(directory, origin, trouble.policy())) {
      LayerRequest layer = origin.add(layer());
      origin.registry().fault(Target.blobs(), trouble.fault);

      try {
        node.service().layers().prepare(layer);
      } catch (IOException e) {
        assertThat(node.root().resolve("layers")).isEmptyDirectory();
      }

      origin.registry().clearFaults();
      assertThat(cat(node.mount(layer), "big").orThrow().out()).isEqualTo(BIG);
    }
  }

  @Test
  void read_tokenExpired_getsAnotherAndIsRight() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      origin.registry().requireAnonymousToken(3600);
      Path rootfs = node.mount(origin.add(layer()));
      int issued = origin.registry().tokensIssued();
      origin.registry().expireTokens();

      assertThat(cat(rootfs, "small").orThrow().out()).isEqualTo(SMALL);
      assertThat(origin.registry().tokensIssued()).isEqualTo(issued + 1);
    }
  }

  @Test
  void read_registryGone_isEioAndRightWhenItIsBack() throws Exception {
    try (Origin origin = Origin.startQuick();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(layer()));
      origin.registry().refuseConnections();

      for (String name : new String[] {"small", "big", "small"}) {
        assertThat(cat(rootfs, name).errorText()).endsWith("Input/output error");
      }

      origin.registry().up();
      assertThat(cat(rootfs, "small").orThrow().out()).isEqualTo(SMALL);
      assertThat(cat(rootfs, "big").orThrow().out()).isEqualTo(BIG);
    }
  }

  /// The registry's client would wait longer: the gate's own patience ends the wait.
  @Test
  void read_registrySilent_isEioAfterThePatienceAndRightWhenItIsBack() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin, LazyNode.IMPATIENT)) {
      Path rootfs = node.mount(origin.add(layer()));
      origin.registry().fallSilent();

      for (String name : List.of("small", "big")) {
        Instant begin = Instant.now();
        assertThat(cat(rootfs, name).errorText()).endsWith("Input/output error");
        assertThat(Duration.between(begin, Instant.now())).isLessThan(BEFORE_THE_CLIENT);
      }

      origin.registry().up();
      assertThat(cat(rootfs, "small").orThrow().out()).isEqualTo(SMALL);
      assertThat(cat(rootfs, "big").orThrow().out()).isEqualTo(BIG);
    }
  }

  /// A connection that is stuck for good does not hold up who comes after the patience is over.
  @Test
  void read_oneAnswerNeverComes_isRightAtALaterOpen() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin, LazyNode.IMPATIENT)) {
      Path rootfs = node.mount(origin.add(layer()));
      origin.registry().faultNext(2, Target.blobs(), new Fault.Silence());

      assertThat(cat(rootfs, "small").errorText()).endsWith("Input/output error");
      Outcome second = cat(rootfs, "small");
      Outcome third = cat(rootfs, "small");

      assertThat(second.exitCode() == 0 ? second.out() : third.out()).isEqualTo(SMALL);
    }
  }

  @ParameterizedTest
  @EnumSource
  void read_readerKilledWhileTheRegistryIsSilent_endsAtOnceAndHarmsNobody(Kind kind)
      throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(layer()));
      String name = kind.name().toLowerCase(Locale.ROOT);
      byte[] content = kind == Kind.SMALL ? SMALL : BIG;
      int asked = origin.asked();
      origin.registry().fallSilent();
      Process reader = Command.of("cat", rootfs.resolve(name).toString()).builder().start();
      await(() -> origin.asked() > asked);

      reader.destroyForcibly();
      boolean ended = reader.waitFor(AT_ONCE.toSeconds(), TimeUnit.SECONDS);

      origin.registry().up();
      assertThat(ended).isTrue();
      assertThat(cat(rootfs, name).orThrow().out()).isEqualTo(content);
    }
  }

  enum Kind {
    SMALL,
    BIG
  }

  /// One registry is away; another one has a layer with the same content.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void read_oneOfTwoRegistriesGone_isRight(boolean silent) throws Exception {
    try (Origin gone = Origin.startImpatient();
        Origin there = Origin.startQuick();
        LazyNode node = LazyNode.start(directory, either(gone, there), LazyNode.IMPATIENT)) {
      LayerRequest one = gone.add(layer());
      LayerRequest other = there.add(Layer.of(file("x", "x"), file("s", SMALL), file("b", BIG)));
      Path rootfs = node.mount(one);
      node.mount(other);
      if (silent) {
        gone.registry().fallSilent();
      } else {
        gone.registry().refuseConnections();
      }

      assertThat(cat(rootfs, "small").orThrow().out()).isEqualTo(SMALL);
      assertThat(cat(rootfs, "big").orThrow().out()).isEqualTo(BIG);
      assertThat(cat(rootfs, "other").errorText()).endsWith("Input/output error");
      gone.registry().up();
    }
  }

  /// Many wait for a registry that is silent, for more bytes than may be on their way at a time.
  @Test
  void read_anotherRegistrySilent_doesNotWaitForIt() throws Exception {
    byte[] huge = RandomTrees.content(Seeds.generator(8), 12 << 20); // 12 MiB
    try (Origin silent = Origin.start();
        Origin there = Origin.start();
        LazyNode node = LazyNode.start(directory, either(silent, there), LazyNode.IMPATIENT)) {
      Path stuck = node.mount(silent.add(Layer.of(file("huge", huge))));
      Path rootfs = node.mount(there.add(layer()));
      LazyNode.sh("head -c 1 $1/huge", stuck.toString()).orThrow();
      int asked = silent.asked();
      silent.registry().fallSilent();
      Process readers =
          Command.of("sh", "-c")
              .with(
                  """
                  for i in $(seq 0 119); do
                    dd if="$1/huge" of=/dev/null bs=4k skip=$((i * 25)) count=1 2>/dev/null &
                  done
                  wait
                  """,
                  "sh",
                  stuck.toString())
              .builder()
              .start();
      await(() -> silent.asked() >= asked + FetchQueue.MAX_RUNNING);

      assertThat(cat(rootfs, "small").orThrow().out()).isEqualTo(SMALL);
      assertThat(cat(rootfs, "big").orThrow().out()).isEqualTo(BIG);

      assertThat(readers.waitFor(60, TimeUnit.SECONDS)).isTrue();
      silent.registry().up();
    }
  }

  private static BlobSource either(Origin one, Origin other) {
    return (image, layer) ->
        (image.startsWith(one.registry().host()) ? one : other).open(image, layer);
  }

  @Test
  void prepare_registryGone_failsInTimeAndNamesTheLayer() throws Exception {
    try (Origin origin = Origin.startQuick();
        LazyNode node = LazyNode.start(directory, origin)) {
      LayerRequest layer = origin.add(layer());
      origin.registry().refuseConnections();

      assertThatThrownBy(() -> node.service().layers().prepare(layer))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(layer.layer().toString());
    }
  }

  @Test
  void read_daemonStoppedWhileAReaderWaits_endsTheReader() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(layer()));
      int asked = origin.asked();
      origin.registry().fallSilent();
      Process reader = Command.of("cat", rootfs.resolve("big").toString()).builder().start();
      await(() -> origin.asked() > asked);

      node.stop();

      assertThat(reader.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(reader.exitValue()).isNotZero();
      assertThat(new String(reader.getInputStream().readAllBytes(), UTF_8)).isEmpty();
      origin.registry().up();
    }
  }
}
