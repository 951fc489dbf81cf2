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
import java.util.stream.Stream;

/// Four containers that read without end while daemons come and go: what is in the store (warm),
/// what is not (cold, also through a handle that stays open), by mappings, and names (walks). Each
/// compares every byte with what it must be and ends at the first that is wrong. Confined to one
/// thread.
final class Readers {
  /// How often a daemon ends, each way: `./dev handover 200` for a long run.
  static final int ENDS = Integer.getInteger("handover.ends", 2);

  private static final int CONTAINERS = 4;

  static final String BIG = "/usr/lib/file/magic.mgc"; // of several chunks

  /// How long the readers may take together: whoever hangs is ended, and the test fails.
  private static final Duration LIMIT = Duration.ofSeconds(600 + ENDS * 10L);

  /// Small files that no other reader needs to run, and what runs to read them: else a pause of the
  /// programs would be one of the files.
  private static final String WARM_FILES =
      """
      {
        find /usr/share/doc -type f -size -32k | sort | head -n 40
        ls /etc/ld.so.cache /etc/localtime /usr/share/locale/locale.alias 2>/dev/null || true
        for program in sha256sum date; do
          command -v $program
          ldd $(command -v $program) | grep -o '/[^ ]*'
        done
      }\
      """
          .strip();

  /// Every file of every package against what the package says.
  private static final String COLD =
      """
      cd /
      while [ ! -e /stop ]; do
        cat var/lib/dpkg/info/*.md5sums | md5sum --check --quiet --ignore-missing 2>&1
        n=$((n + 1))
      done
      echo "rounds $n"
      """;

  /// Files that are in the store all the time, and how long all of them took.
  private static final String WARM =
      """
      while [ ! -e /stop ]; do
        start=$(date +%s%N)
        sha256sum --check --quiet /warm
        echo "warm $start $(date +%s%N)"
        n=$((n + 1))
      done
      echo "rounds $n"
      """;

  /// One file of several chunks through a handle that is open for long.
  private static final String HOLD_OPEN =
      """
      want=$(sha256sum < FILE)
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
  private static final String MAP =
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

  private final TestNode node;
  private final List<String> containers;
  private final List<String> warm; // what these files hash to
  private final List<CompletableFuture<Outcome>> running = new ArrayList<>();
  private final List<Long> ends = new ArrayList<>(); // nanoseconds since 1970

  private Readers(TestNode node, List<String> containers, List<String> warm) {
    this.node = node;
    this.containers = containers;
    this.warm = warm;
  }

  /// Starts four containers of an image and everything that reads in them; what is read warm is in
  /// the store when this returns.
  static Readers start(TestNode node, String image) throws IOException, InterruptedException {
    List<String> containers = new ArrayList<>();
    for (int i = 0; i < CONTAINERS; i++) {
      containers.add(node.startIdle(image));
    }
    String sums =
        node.execute(
                containers.getFirst(),
                WARM_FILES + " | xargs sha256sum > /warm; cut -d ' ' -f 1 /warm")
            .orThrow()
            .text();
    Readers readers = new Readers(node, List.copyOf(containers), sums.lines().distinct().toList());
    assertThat(readers.warm).hasSizeGreaterThan(20);
    readers.begin(0, WARM);
    readers.begin(1, COLD);
    readers.begin(1, HOLD_OPEN);
    readers.begin(2, MAP);
    readers.begin(3, WALK);
    return readers;
  }

  private void begin(int container, String script) {
    running.add(run(node.execution(containers.get(container), script).within(LIMIT)));
  }

  /// Runs a command beside the test.
  static CompletableFuture<Outcome> run(Command command) {
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
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

  /// Waits a while, another one each time, and notes that now a daemon ends.
  void awaitAnyMoment(int i) throws InterruptedException {
    Thread.sleep(200 + i * 137L % 900);
    ends.add(now());
  }

  /// Removes what is in the store, but for what is read warm.
  void forgetWhatIsCold() throws IOException, InterruptedException {
    node.forgetContentBut(warm);
  }

  /// Ends the readers, looks at what they found, and prints the longest pauses.
  void finish(String way) throws Exception {
    ends.add(now());
    for (String container : containers) {
      node.execute(container, "touch /stop").orThrow();
    }
    StringBuilder all = new StringBuilder();
    for (CompletableFuture<Outcome> reader : running) {
      Outcome outcome = reader.get();
      assertThat(outcome.exitCode())
          .as(outcome.text() + outcome.errorText() + node.complaints())
          .isZero();
      assertThat(outcome.text().lines().filter(line -> !line.matches("(read|warm) .*")))
          .singleElement()
          .asString()
          .startsWith("rounds ");
      all.append(outcome.text()).append('\n');
    }
    print(way, pauses(all.toString(), "read "), pauses(all.toString(), "warm "));
  }

  private static long now() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000 + now.getNano();
  }

  /// Returns the longest read over each end, in milliseconds, sorted.
  private List<Long> pauses(String text, String kind) {
    List<Long> longest = new ArrayList<>();
    for (int i = 0; i + 1 < ends.size(); i++) {
      long from = ends.get(i);
      long to = ends.get(i + 1);
      longest.add(
          reads(text, kind)
                  .filter(read -> Long.parseLong(read[2]) > from && Long.parseLong(read[1]) < to)
                  .mapToLong(read -> Long.parseLong(read[2]) - Long.parseLong(read[1]))
                  .max()
                  .orElse(0)
              / 1_000_000);
    }
    return longest.stream().sorted().toList();
  }

  private static Stream<String[]> reads(String text, String kind) {
    return text.lines().filter(line -> line.startsWith(kind)).map(line -> line.split(" ", -1));
  }

  private static void print(String way, List<Long> cold, List<Long> warm) {
    System.out.printf(
        "pause of a reader over %d ends, %s: median %d ms, p99 %d ms, longest %d ms; 40 files that"
            + " are in the store: longest %d ms%n",
        cold.size(),
        way,
        cold.get(cold.size() / 2),
        cold.get((cold.size() * 99 - 1) / 100),
        cold.getLast(),
        warm.getLast());
  }
}
