package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The daemon may end at any time while containers read: they wait, and read on with the next one.
@Tag("kernel")
@Timeout(value = 30, unit = TimeUnit.MINUTES) // of a long run; readers that hang are ended before
class HandoverTest extends PulledImage {
  /// How often the daemon is killed: `-Dhandover.kills=200` for a long run.
  private static final int KILLS = Integer.getInteger("handover.kills", 5);

  /// How long the readers may take together: whoever hangs is ended, and the test fails.
  private static final Duration READERS = Duration.ofSeconds(600 + KILLS * 10L);

  private static final String BIG = "/usr/lib/file/magic.mgc"; // of several chunks

  /// Every file of every package against what the package says.
  private static final String CHECK_ALL =
      """
      cd /
      while [ ! -e /stop ]; do
        cat var/lib/dpkg/info/*.md5sums | md5sum --check --quiet --ignore-missing 2>&1
        n=$((n + 1))
      done
      echo "rounds $n"
      """;

  /// One file of several chunks through a handle that is open for long.
  private static final String HOLD_OPEN =
      """
      want='%s'
      while [ ! -e /stop ]; do
        exec 3<FILE
        got=$({ dd bs=65536 count=1 status=none; sleep 1; cat; } <&3 | sha256sum)
        exec 3<&-
        [ "$got" = "$want" ] || { echo "got $got"; exit 9; }
        n=$((n + 1))
      done
      echo "rounds $n"
      """
          .replace("FILE", BIG);

  /// Programs and their libraries are mapped.
  private static final String EXECUTE =
      """
      want=$(file -b /bin/ls; perl -e 'print 6 * 7')
      while [ ! -e /stop ]; do
        got=$(file -b /bin/ls; perl -e 'print 6 * 7')
        [ "$got" = "$want" ] || { echo "got $got"; exit 9; }
        n=$((n + 1))
      done
      echo "rounds $n"
      """;

  /// Names and attributes, and how long it took to read one more file.
  private static final String WALK =
      """
      want=$(find /usr /etc /var/lib -xdev | wc -l)
      while [ ! -e /stop ]; do
        start=$(date +%s%N)
        cat FILE > /dev/null || exit 8
        echo "read $start $(date +%s%N)"
        got=$(find /usr /etc /var/lib -xdev | wc -l)
        [ "$got" = "$want" ] || { echo "got $got of $want"; exit 9; }
        n=$((n + 1))
      done
      echo "rounds $n"
      """
          .replace("FILE", BIG);

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
    CompletableFuture<Outcome> read = start(container, "sha256sum " + BIG + " /usr/bin/perl");
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

  @Test
  void containers_whileTheDaemonIsKilledAgainAndAgain_readEveryByteRight()
      throws IOException, InterruptedException, ExecutionException {
    String first = node.startIdle(image);
    String second = node.startIdle(image);
    String hash = node.execute(first, "cat " + BIG + " | sha256sum").orThrow().text();
    List<CompletableFuture<Outcome>> readers = new ArrayList<>();
    readers.add(start(first, CHECK_ALL));
    readers.add(start(first, HOLD_OPEN.formatted(hash)));
    readers.add(start(second, EXECUTE));
    CompletableFuture<Outcome> walk = start(second, WALK);
    readers.add(walk);

    List<Long> kills = new ArrayList<>();
    for (int i = 0; i < KILLS; i++) {
      Thread.sleep(200 + i * 137L % 900); // at another moment each time
      kills.add(now());
      node.killDaemon();
      forgetEverything();
      node.startDaemon();
    }
    kills.add(now());
    for (String container : List.of(first, second)) {
      node.execute(container, "touch /stop").orThrow();
    }

    for (CompletableFuture<Outcome> reader : readers) {
      Outcome outcome = reader.get();
      assertThat(outcome.exitCode())
          .as(outcome.text() + outcome.errorText() + node.complaints())
          .isZero();
      assertThat(outcome.text().lines().filter(line -> !line.startsWith("read ")))
          .singleElement()
          .asString()
          .startsWith("rounds ");
    }
    print(pauses(walk.get().text(), kills));
  }

  private CompletableFuture<Outcome> start(String container, String script) {
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    Command command = node.execution(container, script).within(READERS);
    Thread.ofVirtual()
        .start(() -> {
          try {
            outcome.complete(command.run());
          } catch (IOException | InterruptedException e) {
            outcome.completeExceptionally(e);
          }
        });
    return outcome;
  }

  private static long now() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000 + now.getNano();
  }

  /// Returns the longest read of each kill, in milliseconds, sorted.
  private static List<Long> pauses(String text, List<Long> kills) {
    List<Long> longest = new ArrayList<>();
    for (int i = 0; i + 1 < kills.size(); i++) {
      long from = kills.get(i);
      long to = kills.get(i + 1);
      longest.add(
          text.lines()
                  .filter(line -> line.startsWith("read "))
                  .map(line -> line.split(" ", -1))
                  .filter(read -> Long.parseLong(read[2]) > from && Long.parseLong(read[1]) < to)
                  .mapToLong(read -> Long.parseLong(read[2]) - Long.parseLong(read[1]))
                  .max()
                  .orElse(0)
              / 1_000_000);
    }
    return longest.stream().sorted().toList();
  }

  private static void print(List<Long> pauses) {
    System.out.printf(
        "pause of a reader over %d kills: median %d ms, p99 %d ms, longest %d ms%n",
        pauses.size(),
        pauses.get(pauses.size() / 2),
        pauses.get((pauses.size() * 99 - 1) / 100),
        pauses.getLast());
  }
}
