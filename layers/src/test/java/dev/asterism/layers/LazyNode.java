package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.CacheSettings;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.tree.ErofsImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Logger;
import java.util.stream.Collectors;

/// A node with its lazy layers, and overlays over them as its containers would see them.
///
/// Closing has `fsck.erofs` look at every image that was made, and unmounts everything, whatever
/// state it is in.
final class LazyNode implements AutoCloseable {
  /// Small windows, so that small layers take several requests; much patience, for busy machines.
  static final FetchPolicy PATIENT =
      new FetchPolicy(64 << 10, 256 << 10, 4 << 20, 512 << 10, Duration.ofSeconds(60));

  /// The same, for tests that wait until it is over; still enough for one answer of a busy machine.
  static final FetchPolicy IMPATIENT =
      new FetchPolicy(64 << 10, 256 << 10, 4 << 20, 512 << 10, Duration.ofSeconds(5));

  private static final String[] TOOLS = {
    "mount", "umount", "find", "getfattr", "sha256sum", "fsck.erofs"
  };

  /// What no read takes, however busy the machine: a child that takes longer hangs.
  private static final Duration HANG = Duration.ofSeconds(60);

  private static final Duration POLL = Duration.ofMillis(5);

  /// Kept, because it is held weakly: what faults are logged about is looked at by [Logs] only.
  private static final Logger QUIET = Logger.getLogger("dev.asterism");

  static {
    QUIET.setUseParentHandlers(false);
  }

  private final Path directory;
  private final Path root;
  private final BlobSource source;
  private final FetchPolicy policy;
  private final StartPolicy starts;
  private final CacheSettings settings;
  private final OutagePolicy outages;
  private final InstantSource clock;
  private LayerService service;
  private boolean running = true;
  private int overlays;
  private List<LayerRequest> requests = List.of();

  private LazyNode(
      Path directory,
      BlobSource source,
      FetchPolicy policy,
      StartPolicy starts,
      OutagePolicy outages,
      CacheSettings settings,
      InstantSource clock)
      throws IOException {
    this.outages = outages;
    this.starts = starts;
    this.settings = settings;
    this.clock = clock;
    this.directory = directory;
    this.root = directory.resolve("root");
    this.source = source;
    this.policy = policy;
    this.service = open();
  }

  /// Starts one below `directory`, with much patience.
  static LazyNode start(Path directory, BlobSource source) throws IOException {
    return start(directory, source, PATIENT);
  }

  /// Starts one below `directory`.
  static LazyNode start(Path directory, BlobSource source, FetchPolicy policy) throws IOException {
    return start(directory, source, policy, StartPolicy.NOTHING);
  }

  /// Starts one below `directory` that fetches ahead of being asked.
  static LazyNode start(Path directory, BlobSource source, FetchPolicy policy, StartPolicy starts)
      throws IOException {
    return start(directory, source, policy, starts, CacheSettings.DEFAULT, InstantSource.system());
  }

  /// Starts one below `directory`, with a store and a clock of the test's choice.
  static LazyNode start(
      Path directory,
      BlobSource source,
      FetchPolicy policy,
      CacheSettings settings,
      InstantSource clock)
      throws IOException {
    return start(directory, source, policy, StartPolicy.NOTHING, settings, clock);
  }

  private static LazyNode start(
      Path directory,
      BlobSource source,
      FetchPolicy policy,
      StartPolicy starts,
      CacheSettings settings,
      InstantSource clock)
      throws IOException {
    Machine.requireRootAnd(TOOLS);
    return new LazyNode(directory, source, policy, starts, OutagePolicy.FAIL, settings, clock);
  }

  /// Starts one below `directory` whose reads wait for a registry that is away.
  static LazyNode start(Path directory, BlobSource source, OutagePolicy outages)
      throws IOException {
    Machine.requireRootAnd(TOOLS);
    return new LazyNode(
        directory,
        source,
        PATIENT,
        StartPolicy.NOTHING,
        outages,
        CacheSettings.DEFAULT,
        InstantSource.system());
  }

  /// Prepares layers, lowest first, and mounts an overlay over them, read-only. Returns where.
  Path mount(LayerRequest... layers) throws Exception {
    requests = List.of(layers);
    for (LayerRequest layer : layers) {
      service.layers().prepare(layer);
    }
    Chain chain = Chain.of(Arrays.stream(layers).map(LayerRequest::layer).toList());
    return overlay(List.of(service.layers().mountChain(chain)));
  }

  /// Mounts an overlay over directories of which some are mounted chains, topmost first, read-only.
  /// Returns where.
  Path overlay(List<Path> lowers) throws Exception {
    StringBuilder lower = new StringBuilder();
    lower.append(lowers.stream().map(Path::toString).collect(Collectors.joining(":")));
    service.layers().dataLayers().forEach(path -> lower.append("::").append(path));
    Path rootfs = Files.createDirectories(directory.resolve("rootfs" + overlays++));
    Command.of("mount", "-t", "overlay", "overlay", rootfs.toString())
        .with("-o", "ro,metacopy=on,lowerdir=" + lower)
        .runOrThrow();
    return rootfs;
  }

  /// Returns the layers that were mounted last.
  List<LayerRequest> requests() {
    return requests;
  }

  void unmount(Path rootfs) throws Exception {
    Command.of("umount", rootfs.toString()).runOrThrow();
  }

  /// Stops the daemon's part; overlays stay.
  void stop() throws IOException {
    running = false;
    service.close();
  }

  private LayerService open() throws IOException {
    return LayerService.open(
        root, source, new LayerSettings(policy, starts, outages, settings), clock);
  }

  /// Starts it again on the same root.
  void start() throws IOException {
    service = open();
    running = true;
  }

  LayerService service() {
    return service;
  }

  Path root() {
    return root;
  }

  /// Reads a file in a child process.
  static Outcome cat(Path rootfs, String file) throws Exception {
    return Command.of("cat", "--", rootfs.resolve(file).toString()).within(HANG).run();
  }

  /// Runs a shell command in a child process.
  static Outcome sh(String script, String... arguments) throws Exception {
    return Command.of("sh", "-c", script, "sh").with(arguments).within(HANG).run();
  }

  /// Has the kernel forget what it has read.
  static void dropCaches() throws Exception {
    sh("sync; echo 3 > /proc/sys/vm/drop_caches").orThrow();
  }

  /// Returns the sizes of the objects in the store, one for each.
  List<Long> objectSizes() throws Exception {
    return find("cache/objects", "-printf", "%s\\n").stream().map(Long::valueOf).toList();
  }

  /// Returns what `find` prints about the regular files in a directory below the root. A file that
  /// goes while it looks is none.
  List<String> find(String directoryBelowRoot, String... expression) throws Exception {
    return Command.of("find", root.resolve(directoryBelowRoot).toString())
        .with("-ignore_readdir_race", "-type", "f")
        .with(expression)
        .runOrThrow()
        .text()
        .lines()
        .toList();
  }

  /// Fails unless every file in the store hashes to its name.
  void assertStoreIsRight() throws Exception {
    List<String> wrong =
        sh(
                """
                cd "$1/cache" && find objects chunks fresh -type f -exec sha256sum {} + |
                  awk '{ n = split($2, path, "/"); if (path[n] != $1) print }'
                """,
                root.toString())
            .orThrow()
            .text()
            .lines()
            .toList();
    assertThat(wrong).isEmpty();
  }

  /// What [LayerMounter#retain] keeps where nothing is in use.
  static LayerMounter.InUse nothing() {
    return new LayerMounter.InUse(Set.of(), Set.of());
  }

  /// Waits for what another thread does behind a read, a minute at most.
  static void await(Condition condition) throws Exception {
    Instant end = Instant.now().plus(HANG);
    while (!condition.holds()) {
      if (Instant.now().isAfter(end)) {
        throw new AssertionError("waited %s for what did not come".formatted(HANG));
      }
      LockSupport.parkNanos(POLL.toNanos());
    }
  }

  /// A state to wait for.
  interface Condition {
    boolean holds() throws Exception;
  }

  @Override
  public void close() throws Exception {
    List<String> refused;
    try {
      refused = ErofsImages.refused(ErofsImages.below(root));
    } finally {
      takeAway();
    }
    assertThat(refused).as("images that fsck.erofs refuses").isEmpty();
  }

  private void takeAway() throws Exception {
    try {
      for (int i = 0; i < overlays; i++) {
        ScratchFolder.unmountBelow(directory.resolve("rootfs" + i));
      }
    } finally {
      try {
        if (running) {
          service.close();
        }
      } finally {
        ScratchFolder.unmountBelow(directory);
      }
    }
  }
}
