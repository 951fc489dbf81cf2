package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cli.StargzLeftoversTest;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Daemon;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What the stargz snapshotter's documentation and scripts have as `config.toml`, its keys and
/// values: a daemon starts with each, and names the keys that change nothing.
///
/// Each is a file whose first line says where it is from, and the second which of its keys have no
/// effect. Places below `/run` and `/etc` are moved below the test's folder, and the port of the
/// metrics is a free one.
@Tag("kernel")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class DocumentedConfigurationsTest {
  private static final String NO_EFFECT = "# without effect: ";
  private static final Pattern WARNING = Pattern.compile("'([a-z_.]+)' changes nothing: ..");

  @BeforeEach
  void requireRoot() {
    Machine.requireRootAnd("curl");
  }

  static List<String> names() throws IOException, URISyntaxException {
    try (Stream<Path> files = Files.list(folder())) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static Path folder() throws URISyntaxException {
    URL folder = DocumentedConfigurationsTest.class.getResource("stargz");
    return Path.of(Objects.requireNonNull(folder, "no folder stargz").toURI());
  }

  private static String moved(String text, Path folder) throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return text.replace("\"/run/", "\"" + folder + "/run/")
          .replace("\"/etc/", "\"" + folder + "/etc/")
          .replace(":8234", ":" + socket.getLocalPort());
    }
  }

  private static List<String> withoutEffect(String text) {
    String line = text.lines().filter(each -> each.startsWith(NO_EFFECT)).findFirst().orElseThrow();
    String keys = line.substring(NO_EFFECT.length());
    return keys.equals("none") ? List.of() : List.of(keys.split(", ", -1));
  }

  @ParameterizedTest
  @MethodSource("names")
  void daemon_withADocumentedFile_startsAndNamesWhatChangesNothing(String name)
      throws IOException, InterruptedException, URISyntaxException {
    String text = Files.readString(folder().resolve(name));
    try (ScratchFolder scratch = ScratchFolder.create("asterism-documented")) {
      Path folder = scratch.path();
      Path config = Files.writeString(folder.resolve("config.toml"), moved(text, folder));
      Path log = folder.resolve("log");
      try (Daemon _ =
          Daemon.start(
              Asterism.command("daemon", "--no-exercise", "--unmount-on-exit")
                  .with("--address", folder.resolve("a.sock").toString())
                  .with("--root", folder.resolve("root").toString())
                  .with("--config", config.toString()),
              folder.resolve("a.sock"),
              log)) {
        assertThat(healthy(folder.resolve("admin.sock"))).isEqualTo("ok");
      }
      assertThat(
              WARNING.matcher(Files.readString(log)).results().map((MatchResult m) -> m.group(1)))
          .containsExactlyInAnyOrderElementsOf(withoutEffect(text));
    }
  }

  /// The socket for containerd is there first.
  private static String healthy(Path admin) throws IOException, InterruptedException {
    return Command.of("curl", "--silent", "--retry", "60", "--retry-delay", "1")
        .with("--retry-all-errors", "--unix-socket", admin.toString(), "http://x/healthz")
        .runOrThrow()
        .text();
  }

  /// By the other program's name and flags, as its unit file starts it.
  @Test
  void program_ofTheOtherName_startsWithTheDemosFile()
      throws IOException, InterruptedException, URISyntaxException {
    String text = Files.readString(folder().resolve("demo.toml"));
    try (ScratchFolder scratch = ScratchFolder.create("asterism-documented")) {
      Path folder = scratch.path();
      Path config = Files.writeString(folder.resolve("config.toml"), moved(text, folder));
      Path log = folder.resolve("log");
      try (Daemon _ =
          Daemon.start(
              Asterism.command("containerd-stargz-grpc", "--log-level=debug")
                  .with("--address=" + folder.resolve("a.sock"))
                  .with("--root=" + folder.resolve("root"), "--config=" + config),
              folder.resolve("a.sock"),
              log)) {
        assertThat(healthy(folder.resolve("admin.sock"))).isEqualTo("ok");
      } finally {
        Asterism.command("unmount", "--all", "--root", folder.resolve("root").toString())
            .runOrThrow();
      }
      assertThat(Files.readString(log)).contains("'ipfs' changes nothing");
    }
  }

  /// A node as its installation guide leaves it: the unit names a file that no step makes, and the
  /// root has what that program kept. Of the unit's own words only places are others.
  @Test
  void program_asTheInstallationGuidesUnitStartsIt_startsOnWhatTheOtherLeft()
      throws IOException, InterruptedException {
    assertThat(Path.of("/etc/containerd-stargz-grpc/config.toml")).doesNotExist();
    try (ScratchFolder scratch = ScratchFolder.create("asterism-documented")) {
      Path folder = scratch.path();
      Path root = Files.createDirectory(folder.resolve("root"));
      byte[] database = StargzLeftoversTest.database();
      Files.write(root.resolve("metadata.db"), database);
      Files.createDirectories(root.resolve("snapshotter/snapshots"));
      Path log = folder.resolve("log");
      try (Daemon _ =
          Daemon.start(
              Asterism.command("containerd-stargz-grpc", "--log-level=debug")
                  .with("--config=/etc/containerd-stargz-grpc/config.toml")
                  .with("--address=" + folder.resolve("a.sock"), "--root=" + root),
              folder.resolve("a.sock"),
              log)) {
        assertThat(healthy(folder.resolve("admin.sock"))).isEqualTo("ok");
      } finally {
        Asterism.command("unmount", "--all", "--root", root.toString()).runOrThrow();
      }
      assertThat(Files.readString(log)).contains("set aside " + root.resolve("metadata.db"));
      assertThat(root.resolve("metadata.db.stargz")).hasBinaryContent(database);
    }
  }
}
