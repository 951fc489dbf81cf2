package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Daemon;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The keys that say where a daemon listens: `metrics_address`, `no_prometheus`,
/// `cri_keychain.listen_path`.
@Tag("kernel")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ListeningKeysTest {
  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /// Starts a daemon without a containerd; with `--unmount-on-exit` it leaves nothing.
  private static Daemon start(Path folder, String configuration)
      throws IOException, InterruptedException {
    Path config = Files.writeString(folder.resolve("config.toml"), configuration);
    Path socket = folder.resolve("asterism.sock");
    return Daemon.start(
        Asterism.command("daemon", "--no-exercise", "--unmount-on-exit")
            .with("--address", socket.toString(), "--root", folder.resolve("root").toString())
            .with("--config", config.toString()),
        socket,
        folder.resolve("log"));
  }

  /// Returns an answer of the admin socket, once it is there: the one for containerd is there
  /// first.
  private static String admin(Path folder, String path) throws IOException, InterruptedException {
    return Command.of("curl", "--silent", "--show-error", "--retry", "60", "--retry-delay", "1")
        .with("--retry-all-errors", "--fail", "--unix-socket")
        .with(folder.resolve("admin.sock").toString(), "http://x" + path)
        .runOrThrow()
        .text();
  }

  private static Outcome metrics(int port) throws IOException, InterruptedException {
    return Command.of("curl", "--silent", "http://127.0.0.1:%d/metrics".formatted(port)).run();
  }

  @Test
  void daemon_addressesAreSet_listensThere() throws IOException, InterruptedException {
    try (ScratchFolder folder = ScratchFolder.create("asterism-keys")) {
      int port = freePort();
      Path images = folder.path().resolve("cri/images.sock");
      try (Daemon _ =
          start(
              folder.path(),
              """
              metrics_address = "127.0.0.1:%d"
              [cri_keychain]
              enable_keychain = true
              image_service_path = "%s"
              listen_path = "%s"
              """
                  .formatted(port, folder.path().resolve("nobody.sock"), images))) {
        assertThat(
                Command.of("curl", "--silent", "--retry", "60", "--retry-delay", "1")
                    .with("--retry-connrefused", "http://127.0.0.1:%d/metrics".formatted(port))
                    .runOrThrow() // the socket for containerd is there first
                    .text())
            .contains("asterism_build_info{", "asterism_layers_mounted 0.0");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(images)))
            .isEqualTo("rw-------");
        assertThat(
                Command.of("curl", "--silent", "--unix-socket")
                    .with(folder.path().resolve("admin.sock").toString(), "http://x/metrics")
                    .runOrThrow()
                    .text())
            .contains("asterism_build_info{");
      }
      assertThat(images).doesNotExist();
      assertThat(metrics(port).exitCode()).isNotZero();
    }
  }

  @Test
  void daemon_noPrometheus_listensNowhere() throws IOException, InterruptedException {
    try (ScratchFolder folder = ScratchFolder.create("asterism-keys")) {
      int port = freePort();
      try (Daemon _ =
          start(
              folder.path(),
              "metrics_address = \"127.0.0.1:%d\"\nno_prometheus = true\n".formatted(port))) {
        assertThat(admin(folder.path(), "/healthz")).isEqualTo("ok"); // it has begun to listen
        assertThat(admin(folder.path(), "/readyz")).isEqualTo("ok");
        assertThat(metrics(port).exitCode()).isNotZero();
        assertThat(admin(folder.path(), "/metrics")).contains("asterism_build_info{");
      }
    }
  }
}
