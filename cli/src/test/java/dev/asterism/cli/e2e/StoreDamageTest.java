package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cli.e2e.SmallStore.Image;
import dev.asterism.content.Digest;
import dev.asterism.testkit.process.Command;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What containers read when somebody has been at the store behind the daemon's back: at its files,
/// or at its links file.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class StoreDamageTest {
  /// Reads every file again and again, and prints what came the first time and whenever it changed;
  /// `-` for an error.
  private static final String READ_ON =
      """
      cd /data
      before=
      while [ ! -e /stop ]; do
        now=
        for file in *; do
          sum=$(sha256sum < $file) || sum=-
          now="$now$file ${sum%% *} "
        done
        [ "$now" = "$before" ] || echo "$now"
        before=$now
        : >> /reading
      done
      """;

  private SmallStore store;

  @BeforeAll
  void start() throws IOException, InterruptedException {
    store = SmallStore.start();
  }

  @BeforeEach
  void serve() throws IOException, InterruptedException {
    store.serve();
  }

  @AfterEach
  void removeImages() throws IOException, InterruptedException {
    store.removeImages();
  }

  @AfterAll
  void end() throws IOException {
    store.close();
  }

  @ParameterizedTest
  @EnumSource
  void read_objectsDamagedWhileTheContainerReads_isRightOnceItIsFound(Damage damage)
      throws Exception {
    Image image = store.image(damage.image());
    String container = store.startIdle(image);
    store.assertReads(container, image);
    store.awaitStored(image);
    Command reading = store.node().execution(container, READ_ON);
    CompletableFuture<String> seen =
        CompletableFuture.supplyAsync(() -> {
          try {
            return reading.runOrThrow().text();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
    store.node().execute(container, "while [ ! -e /reading ]; do sleep 0.05; done").orThrow();

    for (Path object : store.objects(image)) {
      damage.of(object);
    }
    SmallStore.dropCaches();
    store
        .node()
        .execute(container, "rm /reading; while [ ! -e /reading ]; do sleep 0.05; done")
        .orThrow();
    store.repair();

    store.node().execute(container, ": > /stop").orThrow();
    damage.assertShown(seen.join(), image.files());
    SmallStore.dropCaches(); // what was being read has the kernel keep the file
    if (damage != Damage.DELETED) { // all were found, by the verification or before
      for (byte[] right : image.files().values()) {
        assertThat(store.node().log())
            .containsPattern("\"cache file damaged\".*" + Digest.of(right).hex());
      }
    }
    store.assertReads(container, image);
    store.assertReads(store.node().startIdle(image.reference()), image);
    store.awaitStored(image);
    store.repair();
    assertThat(store.cache("verify").orThrow().text()).contains("all is right");
  }

  /// What becomes of `links.json`.
  enum Loss {
    EMPTY(50, ": > links.json", "not ours"),
    HALF_A_RECORD(
        51,
        "printf '{\"format\":\"asterism links\",\"version\":1,\"digests\":[[\"00ab' > links.json",
        "torn"),
    GIBIBYTE_OF_NOTHING(52, "truncate -s 1G links.json", "not ours"),
    LATER_VERSION(
        53,
        "printf '{\"format\":\"asterism links\",\"version\":99}' > links.json",
        "version 99 is newer than ours");

    private final int image; // its number
    private final String script;
    private final String said;

    Loss(int image, String script, String said) {
      this.image = image;
      this.script = script;
      this.said = said;
    }
  }

  @ParameterizedTest
  @EnumSource
  void read_linksFileLost_asksTheRegistryForNothing(Loss loss) throws Exception {
    Image image = store.image(loss.image);
    String container = store.startIdle(image);
    store.assertReads(container, image);
    store.awaitStored(image);
    store.node().stopDaemon();
    Command.of("sh", "-ec", "rm -f links.json links.journal*; " + loss.script)
        .in(store.path())
        .runOrThrow();

    store.node().startDaemon();
    store.node().awaitReconnection();
    SmallStore.dropCaches();

    store.node().awaitLog("\"msg\":\"cache links restored in part");
    assertThat(store.node().log().lines().filter(line -> line.contains("\"level\":\"warning\"")))
        .singleElement()
        .asString()
        .contains(loss.said);
    int asked = store.registry().traffic().requests();
    store.assertReads(container, image);
    store.assertReads(store.node().startIdle(image.reference()), image);
    assertThat(store.registry().traffic().requests()).isEqualTo(asked);

    Image same = store.image(loss.image, "two"); // whose layer the store has not seen before
    String other = store.startIdle(same);
    asked = store.registry().traffic().requests();
    store.assertReads(other, same);
    assertThat(store.registry().traffic().requests()).isEqualTo(asked);
    assertThat(store.cache("verify").orThrow().text()).contains("all is right");
  }
}
