package dev.asterism.cli.e2e;

import dev.asterism.testkit.containerd.PrivateContainerd;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Daemon;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.tree.TreeListing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A node: Asterism's daemon as a process of its own, and a containerd that has it as a proxy
/// plugin. Confined to one thread; at [#close] nothing of it runs or is mounted.
final class TestNode implements AutoCloseable {
  static final String ASTERISM = "asterism";
  static final String OVERLAYFS = "overlayfs";

  private static final String PATH =
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  /// What keeps a snapshot from containerd's garbage collection; `ctr` does so for active ones
  /// only.
  private static final String KEPT = "containerd.io/gc.root=test";

  private static final int VIEWS = 5; // views that may be collected one after the other

  private static final Pattern PREPARED =
      Pattern.compile(
          "\"remote-snapshot-prepared\":\"(true|false)\".*\"layer\":\"(sha256:[0-9a-f]{64})\"");
  private static final Pattern BUILD =
      Pattern.compile("asterism_build_info\\{version=\"([^\"]*)\"");
  private static final Duration RECONNECTION = Duration.ofMinutes(2);
  private static final Duration PAUSE = Duration.ofMillis(100); // between two attempts

  private final ScratchFolder scratch;
  private final Map<String, String> variables;
  private final Optional<Command> launcher;
  private final List<Daemon> daemons = new ArrayList<>();
  private final PrivateContainerd containerd;
  private int names;

  private TestNode(
      ScratchFolder scratch,
      String configuration,
      Optional<PrivateContainerd.Cri> cri,
      Map<String, String> variables,
      Optional<Command> launcher)
      throws IOException, InterruptedException {
    this.scratch = scratch;
    this.variables = Map.copyOf(variables);
    this.launcher = launcher;
    Path folder = scratch.path().resolve("containerd");
    String keychain =
        cri.isEmpty()
            ? ""
            : "[cri_keychain]\nenable_keychain = true\nimage_service_path = \"%s\"\n"
                .formatted(folder.resolve("c.sock"));
    Files.writeString(configuration(), configuration + keychain);
    startDaemon();
    Map<String, Path> snapshotters = Map.of(ASTERISM, socket());
    containerd =
        cri.isEmpty()
            ? PrivateContainerd.start(folder, snapshotters)
            : PrivateContainerd.start(folder, snapshotters, cri.get());
  }

  /// Starts a daemon and a containerd with nothing in them.
  static TestNode start() throws IOException, InterruptedException {
    return start("");
  }

  /// As the other.
  ///
  /// @param configuration the daemon's `config.toml`
  static TestNode start(String configuration) throws IOException, InterruptedException {
    return start(configuration, Optional.empty(), Map.of(), Optional.empty());
  }

  /// As the other.
  ///
  /// @param variables of the daemon's environment
  static TestNode start(String configuration, Map<String, String> variables)
      throws IOException, InterruptedException {
    return start(configuration, Optional.empty(), variables, Optional.empty());
  }

  /// As the other.
  ///
  /// @param launcher a command that becomes the one that stands behind it
  static TestNode start(String configuration, Command launcher)
      throws IOException, InterruptedException {
    return start(configuration, Optional.empty(), Map.of(), Optional.of(launcher));
  }

  /// As the other; kubelet may ask the daemon for images and containerd for pods.
  static TestNode start(String configuration, PrivateContainerd.Cri cri)
      throws IOException, InterruptedException {
    return start(configuration, Optional.of(cri), Map.of(), Optional.empty());
  }

  private static TestNode start(
      String configuration,
      Optional<PrivateContainerd.Cri> cri,
      Map<String, String> variables,
      Optional<Command> launcher)
      throws IOException, InterruptedException {
    ScratchFolder scratch = ScratchFolder.create("asterism-node");
    try {
      return new TestNode(scratch, configuration, cri, variables, launcher);
    } catch (IOException | InterruptedException e) {
      scratch.close();
      throw e;
    }
  }

  /// Returns the daemon's root directory.
  Path root() {
    return scratch.path().resolve("root");
  }

  private Path configuration() {
    return scratch.path().resolve("config.toml");
  }

  /// Where the daemon listens.
  Path socket() {
    return scratch.path().resolve("asterism.sock");
  }

  PrivateContainerd containerd() {
    return containerd;
  }

  /// `ctr snapshots` with Asterism.
  Command snapshots(String... words) {
    return containerd.ctr("snapshots", "--snapshotter", ASTERISM).with(words);
  }

  // --- the daemon

  /// Starts a daemon, the first one or the next one.
  void startDaemon() throws IOException, InterruptedException {
    startDaemon(command -> command);
  }

  /// As the other.
  ///
  /// @param changed returns the command to start in its place
  void startDaemon(UnaryOperator<Command> changed) throws IOException, InterruptedException {
    Path log = log(daemons.size());
    Command daemon = changed.apply(daemon());
    Command command = launcher.map(first -> first.before(daemon)).orElse(daemon);
    daemons.add(Daemon.start(command, socket(), log));
  }

  /// How to start a daemon.
  Command daemon() {
    Command daemon =
        Asterism.command("daemon", "--no-exercise", "--address", socket().toString())
            .with("--root", root().toString())
            .with("--config", configuration().toString())
            .with("--log-level", "debug", "--log-format", "json");
    for (Map.Entry<String, String> variable : variables.entrySet()) {
      daemon = daemon.withVariable(variable.getKey(), variable.getValue());
    }
    return daemon;
  }

  /// Takes away what a daemon that has ended left for the next one.
  Outcome unmountAll() throws IOException, InterruptedException {
    return Asterism.command("unmount", "--all", "--root", root().toString()).run();
  }

  /// Ends the daemon as a service manager does.
  void stopDaemon() {
    daemons.getLast().close();
  }

  /// Ends the daemon without a warning.
  void killDaemon() throws InterruptedException {
    daemons.getLast().kill();
  }

  /// Returns the version that the current daemon says it has.
  String version() throws IOException, InterruptedException {
    String metrics =
        Command.of("curl", "--silent", "--show-error", "--retry", "60", "--retry-delay", "1")
            .with("--retry-all-errors", "--unix-socket")
            .with(socket().resolveSibling("admin.sock").toString(), "http://x/metrics")
            .runOrThrow()
            .text();
    Matcher info = BUILD.matcher(metrics);
    return info.find() ? info.group(1) : "";
  }

  /// Returns the process id of the current daemon.
  long daemonPid() {
    return daemons.getLast().pid();
  }

  /// Tells whether a daemon runs.
  boolean hasDaemon() {
    return daemons.getLast().isAlive();
  }

  /// Gives the next daemon another `config.toml`.
  void configure(String text) throws IOException {
    Files.writeString(configuration(), text);
  }

  /// Removes every byte that was fetched, while no daemon runs, and what the kernel has of it in
  /// memory.
  void forgetContent() throws IOException, InterruptedException {
    forgetContentBut(List.of());
  }

  /// As the other, but for the files whose content has one of these SHA-256, in hex.
  void forgetContentBut(List<String> kept) throws IOException, InterruptedException {
    String others = kept.stream().map(name -> " ! -name " + name).collect(Collectors.joining());
    Command.of("sh", "-c", "find objects fresh chunks layers -type f" + others + " -delete")
        .in(root().resolve("cache"))
        .runOrThrow();
    Command.of("sh", "-c", "echo 3 > /proc/sys/vm/drop_caches").runOrThrow();
  }

  /// Waits until containerd has found the daemon again.
  void awaitReconnection() throws IOException, InterruptedException {
    long end = System.nanoTime() + RECONNECTION.toNanos();
    Outcome outcome = probe();
    while (outcome.exitCode() != 0 && System.nanoTime() < end) {
      Thread.sleep(PAUSE);
      outcome = probe();
    }
    outcome.orThrow();
  }

  /// Asks containerd for something that it asks the daemon for: where it knows of no snapshot, it
  /// lists none by itself.
  private Outcome probe() throws IOException, InterruptedException {
    Outcome listed = snapshots("ls").run();
    if (listed.exitCode() != 0 || listed.text().lines().count() > 1) {
      return listed;
    }
    String key = name("probe");
    Outcome prepared = snapshots("prepare", key).run();
    Outcome _ = snapshots("rm", key).run(); // nobody keeps it: it may be collected already
    return prepared;
  }

  private Path log(int number) {
    return scratch.path().resolve("daemon-%d.log".formatted(number));
  }

  /// Returns what the current daemon has logged.
  String log() throws IOException {
    return Files.readString(log(daemons.size() - 1), StandardCharsets.UTF_8);
  }

  /// Waits until the current daemon has logged a line that contains `text`; the test's time limit
  /// ends this.
  void awaitLog(String text) throws IOException, InterruptedException {
    while (!log().contains(text)) {
      Thread.sleep(PAUSE);
    }
  }

  /// Returns what all daemons have logged as warnings and errors, a line each.
  String complaints() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < daemons.size(); i++) {
      Files.readString(log(i), StandardCharsets.UTF_8)
          .lines()
          .filter(line ->
              line.contains("\"level\":\"warning\"") || line.contains("\"level\":\"error\""))
          .forEach(line -> lines.append('\n').append(line));
    }
    return lines.toString();
  }

  /// Returns for each layer that the current daemon was asked to prepare whether it is lazy, in the
  /// order of its answers.
  Map<String, Boolean> prepared() throws IOException {
    Map<String, Boolean> layers = new LinkedHashMap<>();
    Matcher line = PREPARED.matcher(log());
    while (line.find()) {
      layers.put(line.group(2), Boolean.parseBoolean(line.group(1)));
    }
    return layers;
  }

  // --- images

  /// Pulls an image lazily.
  void pull(String image) throws IOException, InterruptedException {
    pulling(image).runOrThrow();
  }

  /// Tells whether containerd has an image of this name.
  boolean hasImage(String image) throws IOException, InterruptedException {
    return containerd.ctr("images", "ls", "-q").runOrThrow().text().lines().anyMatch(image::equals);
  }

  /// How to pull an image lazily.
  Command pulling(String image) {
    return containerd.ctrRemote("image", "rpull", "--plain-http", "--snapshotter", ASTERISM, image);
  }

  /// Pulls the whole image for containerd's own snapshotter.
  void pullWhole(String image) throws IOException, InterruptedException {
    containerd
        .ctr("images", "pull", "--plain-http", "--snapshotter", OVERLAYFS, image)
        .runOrThrow();
  }

  /// Lists the tree of an image, read with every file, as a snapshotter shows it.
  TreeListing tree(String snapshotter, String image) throws IOException, InterruptedException {
    Command snapshots = containerd.ctr("snapshots", "--snapshotter", snapshotter);
    String key = view(snapshots, Images.chainId(image));
    try {
      return treeOf(snapshotter, key);
    } finally {
      snapshots.with("rm", key).runOrThrow();
    }
  }

  /// Makes a view that stays. containerd may collect one that has just been made before it carries
  /// the label: then it is made again.
  private String view(Command snapshots, String top) throws IOException, InterruptedException {
    for (int left = VIEWS; ; left--) {
      String key = name("view");
      snapshots.with("view", key, top).runOrThrow();
      Outcome kept = snapshots.with("label", key, KEPT).run();
      if (kept.exitCode() == 0 || left == 0) {
        kept.orThrow();
        return key;
      }
    }
  }

  /// Lists the tree of an active snapshot or a view that no container runs on.
  TreeListing treeOf(String snapshotter, String key) throws IOException, InterruptedException {
    Path folder = mount(snapshotter, key);
    try {
      return TreeListing.of(folder);
    } finally {
      ScratchFolder.unmountBelow(folder);
    }
  }

  /// Mounts an active snapshot or a view as containerd says, on a new folder.
  Path mount(String snapshotter, String key) throws IOException, InterruptedException {
    Path folder = Files.createDirectory(scratch.path().resolve(name("mount")));
    String command =
        containerd
            .ctr("snapshots", "--snapshotter", snapshotter, "mounts", folder.toString(), key)
            .runOrThrow()
            .text();
    Command.of("sh", "-c", command).runOrThrow();
    return folder;
  }

  /// Takes away what a test has left: all containers, and these images; with a daemon, which is
  /// started if there is none.
  void empty(List<String> images) throws IOException, InterruptedException {
    serve();
    removeContainers();
    for (String image : images) {
      removeImage(image);
    }
    images.clear();
  }

  /// Starts a daemon if there is none, and waits until containerd has found it.
  void serve() throws IOException, InterruptedException {
    if (!hasDaemon()) {
      startDaemon();
    }
    awaitReconnection();
  }

  /// Removes an image and waits until containerd has collected what only that needed.
  void removeImage(String image) throws IOException, InterruptedException {
    containerd.ctr("images", "rm", "--sync", image).runOrThrow();
  }

  /// Waits until containerd has collected what nobody needs.
  void collectGarbage() throws IOException, InterruptedException {
    String lease = containerd.ctr("leases", "create").runOrThrow().text();
    containerd.ctr("leases", "delete", "--sync", lease).runOrThrow();
  }

  // --- snapshots

  /// Commits an active snapshot.
  void commit(String snapshotter, String name, String key)
      throws IOException, InterruptedException {
    containerd.ctr("snapshots", "--snapshotter", snapshotter, "commit", name, key).runOrThrow();
  }

  /// Makes an active snapshot over a committed one.
  void prepare(String snapshotter, String key, String parent)
      throws IOException, InterruptedException {
    containerd.ctr("snapshots", "--snapshotter", snapshotter, "prepare", key, parent).runOrThrow();
  }

  /// Runs a shell script in a container on an active snapshot.
  void runOn(String snapshotter, String key, String script)
      throws IOException, InterruptedException {
    Path root = mount(snapshotter, key);
    String container = name("run");
    try {
      containerd
          .ctr("run", "--rm", "--rootfs", "--net-host", "--env", PATH)
          .with("--cgroup", containerd.cgroup(container))
          .with("--runc-root", scratch.path().resolve("runc").toString())
          .with("--fifo-dir", scratch.path().resolve("fifo").toString())
          .with(root.toString(), container, "/bin/sh", "-ec", script)
          .runOrThrow();
    } finally {
      ScratchFolder.unmountBelow(root);
    }
  }

  // --- containers

  /// Runs a shell script in a container that goes when it ends, and returns what it prints.
  String run(String snapshotter, String image, String script)
      throws IOException, InterruptedException {
    return containerd
        .run(snapshotter, List.of("--rm"), image, name("run"), "sh", "-ec", script)
        .runOrThrow()
        .text();
  }

  /// Runs a shell script in a container that stays, with its snapshot, which has its name.
  String runAndKeep(String snapshotter, String image, String script)
      throws IOException, InterruptedException {
    String container = name("kept");
    containerd.run(snapshotter, List.of(), image, container, "sh", "-ec", script).runOrThrow();
    return container;
  }

  /// Starts a container that does nothing until it is removed.
  String startIdle(String image) throws IOException, InterruptedException {
    String container = name("idle");
    containerd
        .run(ASTERISM, List.of("--detach"), image, container, "sleep", "infinity")
        .runOrThrow();
    return container;
  }

  /// Runs a shell script in a running container.
  Outcome execute(String container, String script) throws IOException, InterruptedException {
    return execution(container, script).run();
  }

  /// How to run a shell script in a running container; five minutes at most.
  Command execution(String container, String script) {
    return containerd
        .ctr("tasks", "exec", "--exec-id", name("exec"))
        .with("--fifo-dir", scratch.path().resolve("fifo").toString())
        .with(container, "sh", "-ec", script)
        .within(Duration.ofMinutes(5));
  }

  /// Kills and removes all containers, with their snapshots.
  void removeContainers() throws IOException, InterruptedException {
    String all = containerd.ctr("containers", "ls", "-q").runOrThrow().text();
    for (String container : all.lines().toList()) {
      containerd.remove(container);
    }
  }

  private String name(String kind) {
    names++;
    return kind + names;
  }

  // --- what is left

  /// Lists what is mounted below the daemon's root but the gate.
  List<String> layerMounts() throws IOException {
    return ScratchFolder.mountsBelow(root()).stream()
        .filter(mountpoint -> !mountpoint.equals(root().resolve("fs").toString()))
        .toList();
  }

  /// Lists the names in a directory below the daemon's root.
  List<String> content(String directory) throws IOException {
    try (Stream<Path> entries = Files.list(root().resolve(directory))) {
      return entries.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  /// Tells whether the daemon's socket is there.
  boolean hasSocket() {
    return Files.exists(socket());
  }

  /// Ends all of it.
  @Override
  public void close() throws IOException {
    try {
      containerd.close();
    } finally {
      closeDaemon();
    }
  }

  private void closeDaemon() throws IOException {
    stopDaemon();
    try {
      unmountAll().orThrow();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while unmounting", e);
    }
    scratch.close();
  }
}
