package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cli.e2e.DockerRegistry.Traffic;
import dev.asterism.testkit.process.Command;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The daemon may end at any time, and come back without the network.
@Tag("kernel")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class RestartTest extends PulledImage {
  private static final String READ =
      "file /usr/bin/less && sha256sum /usr/bin/perl /usr/bin/file /usr/lib/file/magic.mgc";

  /// Fewer files than a Debian has.
  private static final int MANY = 1000;

  RestartTest() {
    super("no_background_fetch = true\n"); // what has not been read is not there
  }

  @ParameterizedTest
  @EnumSource
  void container_whileTheDaemonIsAway_readsWhatItHadRead(End end)
      throws IOException, InterruptedException {
    String container = node.startIdle(image);
    String before = node.execute(container, READ).orThrow().text();

    end.of(node);
    Command.of("sh", "-c", "sync; echo 3 > /proc/sys/vm/drop_caches").runOrThrow();

    assertThat(node.execute(container, READ).orThrow().text()).isEqualTo(before);
  }

  /// After every file of the image was read, nothing of it needs the daemon any more.
  @ParameterizedTest
  @EnumSource
  void container_thatHasReadEveryFile_readsThemAllWithoutTheDaemon(End end)
      throws IOException, InterruptedException {
    String container = node.startIdle(image);
    String before = node.execute(container, RealImage.HASH_ALL).orThrow().text();

    end.of(node);
    Command.of("sh", "-c", "sync; echo 3 > /proc/sys/vm/drop_caches").runOrThrow();

    String after = node.execute(container, RealImage.HASH_ALL).orThrow().text();
    assertThat(after.lines())
        .hasSizeGreaterThan(MANY)
        .containsExactlyElementsOf(before.lines().toList());
  }

  @ParameterizedTest
  @EnumSource
  void container_afterTheDaemonIsBack_readsWhatItHadRead(End end)
      throws IOException, InterruptedException {
    String container = node.startIdle(image);
    String before = node.execute(container, READ).orThrow().text();

    end.of(node);
    node.startDaemon();
    Command.of("sh", "-c", "sync; echo 3 > /proc/sys/vm/drop_caches").runOrThrow();

    assertThat(node.execute(container, READ).orThrow().text()).isEqualTo(before);
  }

  @ParameterizedTest
  @EnumSource
  void daemon_thatStartsWithoutTheRegistry_runsContainersFromWhatIsThere(End end)
      throws IOException, InterruptedException {
    String before = node.run(TestNode.ASTERISM, image, READ);
    String snapshots = node.snapshots("ls").runOrThrow().text();

    end.of(node);
    registry.stop();
    node.startDaemon();
    node.awaitReconnection();

    assertThat(node.snapshots("ls").runOrThrow().text()).isEqualTo(snapshots);
    assertThat(node.run(TestNode.ASTERISM, image, READ)).isEqualTo(before);
  }

  @ParameterizedTest
  @EnumSource
  void daemon_thatIsBack_fetchesWhatNewContainersMiss(End end)
      throws IOException, InterruptedException {
    node.run(TestNode.ASTERISM, image, "true");

    end.of(node);
    forgetEverything();
    node.startDaemon();
    node.awaitReconnection();
    Traffic before = registry.traffic();

    assertThat(node.run(TestNode.ASTERISM, image, READ)).contains("ELF");
    assertThat(registry.traffic().since(before).requests()).isPositive();
  }

  @Test
  void stop_byTheServiceManager_saysSoAndLeavesNoSocket() throws IOException {
    node.stopDaemon();

    assertThat(node.log()).contains("\"msg\":\"stopping\"");
    assertThat(node.hasSocket()).isFalse();
  }
}
