package dev.asterism.cli.e2e;

import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Daemon;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.nio.file.Path;

/// Debian's docker with a store, a state and a socket of its own, a containerd of its own, and no
/// network: it changes nothing of the machine's. Confined to one thread; at [#close] nothing of it
/// runs or is mounted.
final class Docker implements AutoCloseable {
  private static final String CGROUP = "asterism-docker";

  private final ScratchFolder scratch;
  private final Daemon daemon;

  private Docker(ScratchFolder scratch) throws IOException, InterruptedException {
    this.scratch = scratch;
    Path folder = scratch.path();
    daemon =
        Daemon.start(
            Command.of("dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none")
                .with("--data-root", folder.resolve("data").toString())
                .with("--exec-root", folder.resolve("exec").toString())
                .with("--pidfile", folder.resolve("pid").toString())
                .with("--cgroup-parent", CGROUP)
                .with("--host", "unix://" + socket()),
            socket(),
            folder.resolve("log"));
  }

  /// Starts one; skips the test where there is no docker.
  static Docker start() throws IOException, InterruptedException {
    Machine.requireRootAnd("dockerd", "docker", "containerd", "runc");
    ScratchFolder scratch = ScratchFolder.create("asterism-docker");
    try {
      return new Docker(scratch);
    } catch (IOException | InterruptedException e) {
      scratch.close();
      throw e;
    }
  }

  private Path socket() {
    return scratch.path().resolve("d.sock");
  }

  /// `docker` with this daemon, and with nobody's configuration.
  Command command(String... words) {
    return Command.of("docker", "--host", "unix://" + socket())
        .withVariable("DOCKER_CONFIG", scratch.path().resolve("config").toString())
        .with(words);
  }

  /// Runs a shell script in a container without a network, which goes when it ends.
  Outcome run(String image, String script) throws IOException, InterruptedException {
    return command("run", "--rm", "--network", "none", image, "sh", "-ec", script).runOrThrow();
  }

  @Override
  public void close() throws IOException {
    daemon.close();
    scratch.close();
    try {
      // Empty by now; docker leaves the directory.
      Command.of("find", "/sys/fs/cgroup", "-depth", "-type", "d", "-path", "*/" + CGROUP + "*")
          .with("-exec", "rmdir", "{}", "+")
          .run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
