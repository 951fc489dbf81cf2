package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Who is not root reaches neither sockets nor what is stored, and reads it in a container.
@Tag("kernel")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class PermissionsTest extends PulledImage {
  private static final String NOBODY = "65534";
  private static final int COULD_NOT_CONNECT = 7; // curl(1), "EXIT CODES"
  private static final String READ = "id -u; sha256sum < /usr/bin/less";

  PermissionsTest() {
    super("no_background_fetch = true\n");
  }

  private static Outcome asNobody(String script) throws IOException, InterruptedException {
    return Command.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups")
        .with("sh", "-c", script)
        .run();
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void nobody_onTheNode_reachesNothing() throws IOException, InterruptedException {
    String container = node.startIdle(image);
    String inContainer =
        node.containerd()
            .ctr("tasks", "exec", "--exec-id", "nobody", "--user", NOBODY + ":" + NOBODY)
            .with("--fifo-dir", node.root().resolveSibling("fifo").toString())
            .with(container, "sh", "-ec", READ)
            .runOrThrow()
            .text();
    Path scratch = node.root().resolveSibling(".");
    Files.setPosixFilePermissions(scratch, PosixFilePermissions.fromString("rwxr-xr-x"));

    assertThat(inContainer)
        .startsWith(NOBODY)
        .endsWith(node.run(TestNode.ASTERISM, image, "sha256sum < /usr/bin/less"));
    assertThat(mode(node.root())).isEqualTo("rwx------");
    assertThat(mode(node.root().resolve("cache"))).isEqualTo("rwx------");
    assertThat(mode(node.socket())).isEqualTo("rw-------");
    Path admin = node.root().resolveSibling("admin.sock");
    assertThat(mode(admin)).isEqualTo("rw-------");
    assertThat(asNobody("ls '%s'".formatted(scratch)).exitCode()).isZero();
    assertThat(asNobody("ls '%s'".formatted(node.root())).errorText()).contains("denied");
    String ask = "curl -sS --unix-socket '%s' http://a/healthz".formatted(admin);
    assertThat(Command.of("sh", "-c", ask).run().exitCode()).isZero();
    assertThat(asNobody(ask).exitCode()).isEqualTo(COULD_NOT_CONNECT);
  }
}
