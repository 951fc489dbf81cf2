package dev.asterism.cli;

import dev.asterism.cli.admin.AdminServer;
import dev.asterism.cli.admin.DaemonView;
import dev.asterism.cli.config.Configuration;
import dev.asterism.layers.FetchPolicy;
import dev.asterism.layers.LayerService;
import dev.asterism.registry.Hosts;
import dev.asterism.registry.RegistryClient;
import dev.asterism.registry.RequestPolicy;
import dev.asterism.snapshotter.SnapshotServer;
import dev.asterism.snapshotter.Snapshots;
import dev.asterism.snapshotter.VerificationPolicy;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;

/// The parts of a running snapshotter, wired together.
final class Daemon {
  private static final Logger LOGGER = System.getLogger(Daemon.class.getName());

  private Daemon() {}

  /// Serves until the process is told to end, by SIGTERM or SIGINT.
  ///
  /// @throws IOException if it cannot start
  static void run(DaemonOptions options) throws IOException {
    Configuration configuration = options.configuration();
    InstantSource clock = InstantSource.system();
    Path root = Files.createDirectories(options.root()).toRealPath();
    unpackNativeCodeIn(root.resolve("native"));
    try (StopSignal stop = StopSignal.open();
        RegistryClient registry = registry(configuration, clock);
        LayerService layers =
            LayerService.open(
                root,
                new RegistryBlobs(registry),
                FetchPolicy.DEFAULT,
                configuration.starts(),
                clock);
        Snapshots snapshots =
            Snapshots.open(root, layers.layers(), verification(configuration), clock)) {
      snapshots.start();
      try (SnapshotServer _ = SnapshotServer.start(options.address(), snapshots);
          AdminServer _ = admin(options, root, layers, clock)) {
        LOGGER.log(Level.INFO, "serving address={0} root={1}", options.address(), root);
        stop.await();
        LOGGER.log(Level.INFO, "stopping");
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

  private static AdminServer admin(
      DaemonOptions options, Path root, LayerService layers, InstantSource clock)
      throws IOException {
    return AdminServer.start(
        options.adminAddress(),
        options.configuration().metricsAddress(),
        new DaemonView(root, Version.text(), clock.instant(), clock, layers));
  }

  /// Returns the client for every registry.
  static RegistryClient registry(Configuration configuration, InstantSource clock) {
    return new RegistryClient(
        Hosts.standard(), RegistryLogin.ofUser(), policy(configuration), clock);
  }

  private static RequestPolicy policy(Configuration configuration) {
    Configuration.BlobConfig blob = configuration.blob();
    RequestPolicy standard = RequestPolicy.DEFAULT;
    return new RequestPolicy(
        standard.connect(),
        standard.read(),
        configuration.requestTimeout(),
        blob.maxRetries() + 1,
        blob.minWait(),
        blob.maxWait(),
        standard.maxSkip(),
        standard.connectionsPerHost());
  }

  private static VerificationPolicy verification(Configuration configuration) {
    return switch (configuration.verification()) {
      case REQUIRED -> VerificationPolicy.REQUIRED;
      case UNLESS_LABELLED -> VerificationPolicy.LABEL_MAY_SKIP;
      case NEVER -> VerificationPolicy.DISABLED;
    };
  }
}
