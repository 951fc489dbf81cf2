package dev.asterism.cli;

import dev.asterism.cli.admin.AdminServer;
import dev.asterism.cli.admin.NamespacesView;
import dev.asterism.cli.config.Configuration;
import dev.asterism.cli.handover.Handover;
import dev.asterism.cli.trace.Tracing;
import dev.asterism.registry.RegistryClient;
import dev.asterism.snapshotter.NamespacedSnapshots;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.InstantSource;

/// A daemon whose namespaces share nothing but the process and its connections to registries:
/// `directory_cache.scope = "namespace"`.
final class NamespaceDaemon {
  private static final Logger LOGGER = System.getLogger(NamespaceDaemon.class.getName());

  private NamespaceDaemon() {}

  /// As [Daemon#run].
  ///
  /// @param root without symlinks
  static void run(DaemonOptions options, Path root, InstantSource clock) throws IOException {
    Configuration configuration = options.configuration();
    Handover handover = new Handover(root, System.getenv());
    try (StopSignal stop = StopSignal.open();
        Tracing _ = Tracing.start(System.getenv(), Version.text());
        NodeCredentials credentials = NodeCredentials.follow(configuration.logins(), handover);
        RegistryClient registry = Daemon.registry(configuration, credentials.chain(), clock);
        NamespaceParts parts =
            NamespaceParts.open(
                root,
                options.adminAddress(),
                new NamespaceParts.Common(
                    new RegistryBlobs(registry),
                    registry.counts(),
                    Daemon.settings(configuration),
                    Daemon.snapshotSettings(configuration),
                    configuration.logFileAccess(),
                    options.atExit(),
                    Daemon.GRACE,
                    System.getenv(),
                    clock))) {
      NamespacedSnapshots snapshots = new NamespacedSnapshots(parts);
      snapshots.cleanup();
      try (NodeCredentials.Serving _ = credentials.serve(options.address(), snapshots);
          AdminServer _ = admin(options, root, parts, registry, clock)) {
        handover.ready();
        LOGGER.log(
            Level.INFO, "serving address={0} root={1} scope=namespace", options.address(), root);
        Daemon.await(options, root, parts::asked, clock, stop);
        handover.stopping();
        LOGGER.log(Level.INFO, "stopping");
        parts.leaveGates();
      }
    }
  }

  private static AdminServer admin(
      DaemonOptions options,
      Path root,
      NamespaceParts parts,
      RegistryClient registry,
      InstantSource clock)
      throws IOException {
    return AdminServer.start(
        options.adminAddress(),
        options.configuration().endpoints().scraped(),
        options.configuration().endpoints().debug(),
        new NamespacesView(
            root, Version.text(), clock.instant(), clock, registry.counts(), parts::views));
  }
}
