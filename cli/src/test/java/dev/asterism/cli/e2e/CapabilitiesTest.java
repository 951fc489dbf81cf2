package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The daemon does all of its work with what the unit file leaves it of root's powers.
@Tag("kernel")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class CapabilitiesTest {
  private static final Pattern SET = Pattern.compile("(?m)^CapabilityBoundingSet=(.*)$");

  private final Cleanup cleanup = Cleanup.open();

  @AfterEach
  void end() throws IOException {
    cleanup.close();
  }

  /// Returns the unit's set as `setpriv` wants it: `-all,+sys_admin,…`.
  private static String bounds() throws IOException {
    Matcher set =
        SET.matcher(Files.readString(Path.of("..", "packaging", "systemd", "asterism.service")));
    assertThat(set.find()).isTrue();
    return Stream.of(set.group(1).strip().split(" +", -1))
        .map(name -> "+" + name.substring("CAP_".length()).toLowerCase(Locale.ROOT))
        .collect(Collectors.joining(",", "-all,", ""));
  }

  @Test
  void daemon_withTheUnitsCapabilities_doesAllOfItsWork() throws IOException, InterruptedException {
    Machine.requireRootAnd("setpriv");
    DockerRegistry registry = DockerRegistry.start(RealImage.storage());
    cleanup.add(registry::close);
    TestNode node =
        TestNode.start(
            "no_background_fetch = true\n",
            Command.of("setpriv", "--bounding-set=" + bounds(), "--no-new-privs"));
    cleanup.add(node::close);
    String image = registry.reference(RealImage.LAZY);

    node.pull(image);
    assertThat(node.prepared()).hasSize(RealImage.LAYERS).doesNotContainValue(false);
    String container = node.startIdle(image);
    assertThat(node.execute(container, "file -b /bin/ls").orThrow().text()).contains("ELF");
    node.execute(container, "mkdir /own; chown 7:7 /own; chmod 700 /own; echo x > /own/y")
        .orThrow();
    node.killDaemon();
    node.startDaemon();
    node.awaitReconnection();
    assertThat(node.log()).contains("gate taken over");
    assertThat(node.execute(container, "cat /own/y; file -b /usr/bin/perl").orThrow().text())
        .startsWith("x")
        .contains("ELF");
    node.containerd().remove(container);
    node.removeImage(image);

    assertThat(node.content("snapshots")).isEmpty();
    assertThat(node.layerMounts()).isEmpty();
    assertThat(node.complaints()).isEmpty();
  }
}
