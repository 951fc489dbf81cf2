package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.testkit.process.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The daemon may end at any time while containers read: they wait, and read on with the next one.
@Tag("kernel")
@Timeout(value = 90, unit = TimeUnit.MINUTES) // of a long run; readers that hang are ended before
class HandoverTest extends PulledImage {
  private static final String BIG = Readers.BIG;

  HandoverTest() {
    super("no_background_fetch = true\n"); // what no container has read is not there
  }

  @ParameterizedTest
  @EnumSource
  void container_afterTheDaemonIsBack_readsWhatItHadNotRead(End end)
      throws IOException, InterruptedException {
    String container = node.startIdle(image);

    end.of(node);
    forgetEverything();
    node.startDaemon();
    node.awaitReconnection();

    assertThat(node.execute(container, "file -b /bin/ls && sha256sum " + BIG).orThrow().text())
        .isEqualTo(node.run(TestNode.ASTERISM, image, "file -b /bin/ls && sha256sum " + BIG));
    assertThat(node.log()).contains("gate taken over");
  }

  @ParameterizedTest
  @EnumSource
  void read_whileTheDaemonIsAway_waitsForTheNext(End end)
      throws IOException, InterruptedException, ExecutionException {
    String container = node.startIdle(image);

    end.of(node);
    forgetEverything();
    CompletableFuture<Outcome> read =
        Readers.run(node.execution(container, "sha256sum " + BIG + " /usr/bin/perl"));
    node.startDaemon();

    assertThat(read.get().orThrow().text()).hasLineCount(2);
  }

  @Test
  void read_whileTheDaemonIsAwayForGood_canBeKilled() throws IOException, InterruptedException {
    startAnew();
    String container = node.startIdle(image);
    node.execute(container, "timeout -s KILL 60 cat /etc/debian_version").orThrow();
    node.stopDaemon();

    Outcome outcome =
        node.execution(container, "timeout -s KILL 1 cat /usr/lib/file/magic.mgc || echo ended")
            .run();

    assertThat(outcome.text()).contains("ended");
  }

  /// How one daemon ends and the next one begins.
  enum Way {
    KILL,
    STOP,
    /// Stopped, and another build of the program started; in turn this one and that.
    OTHER_BUILD
  }

  /// All of them, or those that a long run names (`-Dhandover.ways=kill,stop`).
  static List<Way> ways() {
    String named = System.getProperty("handover.ways", "");
    return named.isEmpty()
        ? List.of(Way.values())
        : Stream.of(named.split(",", -1))
            .map(way -> Way.valueOf(way.toUpperCase(Locale.ROOT)))
            .toList();
  }

  /// A short form by default; `./dev handover` is the long one.
  @ParameterizedTest
  @MethodSource("ways")
  void containers_whileTheDaemonEndsAgainAndAgain_readEveryByteRight(Way way) throws Exception {
    Readers readers = Readers.start(node, image);
    try (OtherBuild other = OtherBuild.create()) {
      for (int i = 0; i < Readers.ENDS; i++) {
        readers.awaitAnyMoment(i);
        switch (way) {
          case KILL -> node.killDaemon();
          case STOP, OTHER_BUILD -> node.stopDaemon();
        }
        readers.forgetWhatIsCold();
        if (way == Way.OTHER_BUILD && i % 2 == 0) {
          node.startDaemon(other::instead);
          assertThat(node.version()).isEqualTo(OtherBuild.VERSION);
        } else {
          node.startDaemon();
        }
      }
      readers.finish(way.name());
      node.stopDaemon(); // the other build's jar goes
    }
  }

  /// A daemon that does not understand what the one before has left with the mount ends at once,
  /// and the container waits on for one that does.
  @ParameterizedTest
  @ValueSource(ints = {3, 4}) // the session's memory and the gate's, by their number in the keeper
  void start_onTheMountOfAnotherFormat_isRefusedUntilTheRightVersionComes(int descriptor)
      throws Exception {
    String container = node.startIdle(image);
    node.stopDaemon();
    forgetEverything();
    CompletableFuture<Outcome> read = Readers.run(node.execution(container, "sha256sum " + BIG));
    setFormat(descriptor, 7);

    assertThatThrownBy(node::startDaemon)
        .hasMessageContaining("of format 7, this version of asterism knows format 1")
        .hasMessageContaining("start the version that made it, and nothing is lost");

    assertThat(read).isNotDone();
    setFormat(descriptor, 1); // the version that made it
    node.startDaemon();
    assertThat(read.get().orThrow().text()).hasLineCount(1);
    assertThat(node.log()).contains("gate taken over");
  }

  /// Changes the number that stands behind the magic one in a memory that the keeper holds.
  private void setFormat(int descriptor, int format) throws IOException {
    String keeper = Files.readString(node.root().resolve("keeper"));
    String pid = keeper.replaceFirst("(?s)^pid=(\\d+) .*", "$1");
    try (FileChannel memory =
        FileChannel.open(
            Path.of("/proc", pid, "fd", Integer.toString(descriptor)), StandardOpenOption.WRITE)) {
      ByteBuffer number = ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(0, format);
      assertThat(memory.write(number, 8)).isEqualTo(4);
    }
  }
}
