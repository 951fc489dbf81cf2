package dev.asterism.cli;

import dev.asterism.cache.CacheSettings;
import dev.asterism.cli.admin.AdminServer;
import dev.asterism.cli.admin.DaemonView;
import dev.asterism.cli.config.Configuration;
import dev.asterism.cli.handover.Handover;
import dev.asterism.cli.trace.Tracing;
import dev.asterism.cli.warm.Exercise;
import dev.asterism.layers.FetchPolicy;
import dev.asterism.layers.LayerService;
import dev.asterism.layers.LayerSettings;
import dev.asterism.registry.Credentials;
import dev.asterism.registry.Endpoint;
import dev.asterism.registry.Hosts;
import dev.asterism.registry.NodeHosts;
import dev.asterism.registry.RegistryClient;
import dev.asterism.registry.RequestPolicy;
import dev.asterism.snapshotter.SnapshotSettings;
import dev.asterism.snapshotter.Snapshots;
import dev.asterism.snapshotter.VerificationPolicy;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/// The parts of a running snapshotter, wired together.
final class Daemon {
  private static final Logger LOGGER = System.getLogger(Daemon.class.getName());

  /// How long reads that are under way may take when the daemon is told to end: containers wait for
  /// the next one anyway.
  static final Duration GRACE = Duration.ofMillis(500);

  private Daemon() {}

  /// Serves until the process is told to end, by SIGTERM or SIGINT.
  ///
  /// @throws IOException if it cannot start
  static void run(DaemonOptions options) throws IOException {
    Configuration configuration = options.configuration();
    InstantSource clock = InstantSource.system();
    Path root = directory(options.root());
    StargzLeftovers.setAside(root);
    RootScope.check(root, configuration.snapshotter().scope());
    unpackNativeCodeIn(root.resolve("native"));
    Thread.ofPlatform().daemon().name("preload").start(Snapshots::preload);
    switch (configuration.snapshotter().scope()) {
      case NODE -> runShared(options, root, clock);
      case NAMESPACE -> NamespaceDaemon.run(options, root, clock);
    }
  }

  private static void runShared(DaemonOptions options, Path root, InstantSource clock)
      throws IOException {
    Configuration configuration = options.configuration();
    Handover handover = new Handover(root, System.getenv());
    try (StopSignal stop = StopSignal.open();
        Tracing _ = Tracing.start(System.getenv(), Version.text());
        NodeCredentials credentials = NodeCredentials.follow(configuration.logins(), handover);
        RegistryClient registry = registry(configuration, credentials.chain(), clock);
        Layers layers =
            new Layers(
                LayerService.open(
                    root, new RegistryBlobs(registry), settings(configuration), clock, handover),
                options.atExit());
        Snapshots snapshots =
            Snapshots.open(root, layers.service.layers(), snapshotSettings(configuration), clock)) {
      if (configuration.logFileAccess()) {
        layers.service.logFileAccess();
      }
      snapshots.reopen();
      layers.service.serve(); // containers wait until here, and for nothing else
      snapshots.cleanup();
      try (NodeCredentials.Serving _ = credentials.serve(options.address(), snapshots);
          AdminServer _ = admin(options, root, layers.service, registry, clock)) {
        handover.ready();
        LOGGER.log(Level.INFO, "serving address={0} root={1}", options.address(), root);
        await(options, root, layers.service::asked, clock, stop);
        handover.stopping();
        LOGGER.log(Level.INFO, "stopping");
        layers.leaveGate();
      }
    }
  }

  /// Returns the root without symlinks. One that is made here is root's alone: names and content of
  /// private images are in it.
  private static Path directory(Path root) throws IOException {
    if (!Files.exists(root)) {
      Files.createDirectories(root.toAbsolutePath().resolveSibling(""));
      Files.createDirectory(
          root, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    return root.toRealPath();
  }

  /// Waits until the process is told to end; practises meanwhile, where that is wanted.
  ///
  /// @param asked how much the daemon was asked for so far
  static void await(
      DaemonOptions options, Path root, LongSupplier asked, InstantSource clock, StopSignal stop) {
    if (!options.exercise()) {
      stop.await();
      return;
    }
    RequestPolicy policy = RequestPolicy.DEFAULT;
    Hosts plain = host -> List.of(new Endpoint("http", host));
    try (RegistryClient client = new RegistryClient(plain, Credentials.anonymous(), policy, clock);
        Exercise _ = Exercise.start(root, new RegistryBlobs(client), asked, clock)) {
      stop.await();
    }
  }

  /// The layers, and what becomes of their gate when this process ends, orderly or because it could
  /// not start.
  private record Layers(LayerService service, DaemonOptions.AtExit atExit)
      implements AutoCloseable {
    /// Answers containers no longer where the next process will: before calls are cancelled and
    /// threads interrupted that have files open together with theirs.
    void leaveGate() throws IOException {
      switch (atExit) {
        case LEAVE -> service.leaveGate(GRACE);
        case UNMOUNT -> {}
      }
    }

    @Override
    public void close() throws IOException {
      switch (atExit) {
        case LEAVE -> service.leave(GRACE);
        case UNMOUNT -> service.close();
      }
    }
  }

  /// Lets SQLite's driver unpack its library here and not in `/tmp`: a process that is killed
  /// leaves it behind, and the next one takes it away.
  private static void unpackNativeCodeIn(Path folder) throws IOException {
    Files.createDirectories(folder);
    try (DirectoryStream<Path> left = Files.newDirectoryStream(folder)) {
      for (Path file : left) {
        Files.delete(file);
      }
    }
    System.setProperty("org.sqlite.tmpdir", folder.toString());
  }

  /// Returns how layers are fetched and kept.
  static LayerSettings settings(Configuration configuration) {
    CacheSettings store =
        CacheSettings.DEFAULT
            .withBudget(configuration.budget())
            .withUpkeep(configuration.upkeep())
            .withConfig(configuration.directoryCache());
    return new LayerSettings(
        FetchPolicy.DEFAULT, configuration.starts(), configuration.outages(), store);
  }

  private static AdminServer admin(
      DaemonOptions options,
      Path root,
      LayerService layers,
      RegistryClient registry,
      InstantSource clock)
      throws IOException {
    return AdminServer.start(
        options.adminAddress(),
        options.configuration().endpoints().scraped(),
        options.configuration().endpoints().debug(),
        new DaemonView(root, Version.text(), clock.instant(), clock, layers, registry.counts()));
  }

  /// Returns the client for every registry.
  static RegistryClient registry(Configuration configuration, InstantSource clock) {
    return registry(configuration, NodeCredentials.ofFiles(configuration.logins()).chain(), clock);
  }

  static RegistryClient registry(
      Configuration configuration, Credentials credentials, InstantSource clock) {
    Configuration.RegistryHosts hosts = configuration.hosts();
    return new RegistryClient(
        new NodeHosts(hosts.mirrors(), hosts.directories()),
        credentials,
        policy(configuration),
        clock,
        hosts.directories());
  }

  static RequestPolicy policy(Configuration configuration) {
    Configuration.BlobConfig blob = configuration.blob();
    RequestPolicy standard = RequestPolicy.DEFAULT;
    Duration read = configuration.requestTimeout().orElse(standard.read());
    // After one that was silent for so long there must be time to ask somebody else.
    Duration patience =
        configuration.requestTimeout().isPresent() && read.compareTo(standard.read()) <= 0
            ? read
            : read.plus(standard.patience().minus(standard.read()));
    return new RequestPolicy(
        standard.connect(),
        shorter(read, blob.fetchingTimeout()),
        shorter(patience, blob.fetchingTimeout()),
        blob.maxRetries() + 1,
        blob.minWait(),
        blob.maxWait(),
        standard.maxSkip(),
        standard.connectionsPerHost());
  }

  private static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  /// Returns how snapshots are kept.
  static SnapshotSettings snapshotSettings(Configuration configuration) {
    return new SnapshotSettings(
        verification(configuration), configuration.snapshotter().asyncRemove(), Optional.empty());
  }

  private static VerificationPolicy verification(Configuration configuration) {
    return switch (configuration.verification()) {
      case REQUIRED -> VerificationPolicy.REQUIRED;
      case UNLESS_LABELLED -> VerificationPolicy.LABEL_MAY_SKIP;
      case NEVER -> VerificationPolicy.DISABLED;
    };
  }
}
