package dev.asterism.testkit.containerd;

import dev.asterism.content.Digest;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Daemon;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// A containerd with a folder, a state and a socket of its own, and nothing outside them.
///
/// Runs containers through runc, and without CRI unless that is asked for. The caller owns the
/// folder; at [#close] nothing in it is mounted or running. Needs root.
public final class PrivateContainerd implements AutoCloseable {
  private final Path folder;
  private final Daemon daemon;

  /// Kubernetes' side of a containerd. Immutable.
  ///
  /// @param snapshotter the one of every image and container
  /// @param sandboxImage what holds a pod's namespaces
  /// @param registries folder of `HOST:PORT/hosts.toml`
  /// @param networks folder of CNI configuration; pods on the node's network need none in it
  /// @param plugins folder of the CNI plugins
  public record Cri(
      String snapshotter, String sandboxImage, Path registries, Path networks, Path plugins) {
    private String config(Path home) {
      return """
      [plugins."io.containerd.grpc.v1.cri"]
        sandbox_image = "%1$s"
        restrict_oom_score_adj = true
        netns_mounts_under_state_dir = true
        stream_server_address = "127.0.0.1"
        stream_server_port = "0"
        [plugins."io.containerd.grpc.v1.cri".cni]
          bin_dir = "%2$s"
          conf_dir = "%3$s"
        [plugins."io.containerd.grpc.v1.cri".containerd]
          snapshotter = "%4$s"
          disable_snapshot_annotations = false
          [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
            runtime_type = "io.containerd.runc.v2"
            [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
              Root = "%6$s/runc"
        [plugins."io.containerd.grpc.v1.cri".registry]
          config_path = "%5$s"
      """
          .formatted(sandboxImage, plugins, networks, snapshotter, registries, home);
    }
  }

  private PrivateContainerd(Path folder, Daemon daemon) {
    this.folder = folder;
    this.daemon = daemon;
  }

  /// Starts one in `folder`, with containerd's own snapshotters.
  ///
  /// @throws IOException if it does not start; the message has the end of its log
  public static PrivateContainerd start(Path folder) throws IOException, InterruptedException {
    return start(folder, Map.of());
  }

  /// Starts one in `folder`, which is created if need be.
  ///
  /// @param snapshotters proxy plugins: name, and the socket where each listens already
  /// @throws IOException if it does not start; the message has the end of its log
  public static PrivateContainerd start(Path folder, Map<String, Path> snapshotters)
      throws IOException, InterruptedException {
    return start(folder, snapshotters, Optional.empty());
  }

  /// As the other, and serves kubelet too.
  public static PrivateContainerd start(Path folder, Map<String, Path> snapshotters, Cri cri)
      throws IOException, InterruptedException {
    return start(folder, snapshotters, Optional.of(cri));
  }

  private static PrivateContainerd start(
      Path folder, Map<String, Path> snapshotters, Optional<Cri> cri)
      throws IOException, InterruptedException {
    Path home = Files.createDirectories(folder).toRealPath();
    Path config = Files.writeString(home.resolve("config.toml"), config(home, snapshotters, cri));
    Daemon daemon =
        Daemon.start(
            Command.of("containerd", "--config", config.toString()),
            home.resolve("c.sock"),
            home.resolve("containerd.log"));
    return new PrivateContainerd(home, daemon);
  }

  private static String config(Path home, Map<String, Path> snapshotters, Optional<Cri> cri) {
    StringBuilder text =
        new StringBuilder(
            """
            version = 2
            root = "%1$s/root"
            state = "%1$s/state"
            disabled_plugins = [%2$s]
            [grpc]
              address = "%1$s/c.sock"
            [ttrpc]
              address = "%1$s/c.sock.ttrpc"
            [plugins."io.containerd.internal.v1.opt"]
              path = "%1$s/opt"
            """
                .formatted(home, cri.isPresent() ? "" : "\"io.containerd.grpc.v1.cri\""));
    cri.ifPresent(kubernetes -> text.append(kubernetes.config(home)));
    new TreeMap<>(snapshotters)
        .forEach((name, socket) ->
            text.append(
                """
                [proxy_plugins.%s]
                  type = "snapshot"
                  address = "%s"
                """
                    .formatted(name, socket)));
    return text.toString();
  }

  /// Returns where it listens.
  public Path socket() {
    return folder.resolve("c.sock");
  }

  /// Returns where it keeps its content and its own snapshots.
  public Path root() {
    return folder.resolve("root");
  }

  /// `ctr` with this containerd.
  public Command ctr(String... words) {
    return Command.of("ctr", "--address", socket().toString()).with(words);
  }

  /// `ctr-remote` with this containerd: its `image rpull` sets the labels that a remote snapshotter
  /// needs.
  public Command ctrRemote(String... words) {
    return Command.of("ctr-remote", "--address", socket().toString()).with(words);
  }

  /// `ctr run` with the host's network and everything it writes inside the folder.
  ///
  /// @param options more flags of `ctr run`, e.g. `--rm` or `--detach`
  /// @param container its id, unique in this containerd
  /// @param arguments the container's program and its arguments; empty for the image's own
  public Command run(
      String snapshotter,
      List<String> options,
      String image,
      String container,
      String... arguments) {
    List<String> words = new ArrayList<>(List.of("run", "--snapshotter", snapshotter));
    words.addAll(List.of("--net-host", "--cgroup", cgroup(container)));
    words.addAll(List.of("--runc-root", folder.resolve("runc").toString()));
    words.addAll(List.of("--fifo-dir", folder.resolve("fifo").toString()));
    words.addAll(options);
    words.add(image);
    words.add(container);
    words.addAll(List.of(arguments));
    return ctr(words.toArray(String[]::new));
  }

  /// Returns a control group that no other containerd's container has. Without a name runc takes
  /// the container's id, and whoever removes a container ends all that runs in its group.
  public String cgroup(String container) {
    Digest place = Digest.of(folder.toString().getBytes(StandardCharsets.UTF_8));
    return "/asterism-%.12s-%s".formatted(place.hex(), container);
  }

  /// Kills a container and removes it with its snapshot.
  ///
  /// @throws IOException if there is no such container
  public void remove(String container) throws IOException, InterruptedException {
    ctr("tasks", "rm", "--force", container).run();
    ctr("containers", "rm", container).runOrThrow();
  }

  /// Ends its containers, itself and what is left of its shims, and unmounts all in its folder.
  ///
  /// @throws IOException if something stays mounted
  @Override
  public void close() throws IOException {
    try {
      for (String container : ctr("containers", "ls", "-q").run().text().lines().toList()) {
        remove(container);
      }
    } catch (IOException _) {
      // Whatever it could not end is ended below.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    daemon.close();
    try {
      Shims.endAll(socket());
      ScratchFolder.unmountBelow(folder);
      Shims.removeSockets(folder.resolve("state"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while unmounting below " + folder, e);
    }
  }
}
