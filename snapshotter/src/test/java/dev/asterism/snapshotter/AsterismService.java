package dev.asterism.snapshotter;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;

/// Our own service on a socket of its own, over a fake layer mounter.
record AsterismService(
    Path root,
    FakeLayerMounter layers,
    Snapshots snapshots,
    SnapshotServer server,
    SnapshotsClient client)
    implements SnapshotsService {
  static AsterismService start(Path root) throws IOException {
    return start(root, new FakeLayerMounter(root));
  }

  /// @param root as an earlier service left it, or empty
  static AsterismService start(Path root, FakeLayerMounter layers) throws IOException {
    Snapshots snapshots =
        Snapshots.open(root, layers, VerificationPolicy.REQUIRED, InstantSource.system());
    snapshots.start();
    SnapshotServer server = SnapshotServer.start(socket(root), snapshots);
    SnapshotsClient client = new SnapshotsClient(socket(root), "default", "asterism");
    return new AsterismService(root, layers, snapshots, server, client);
  }

  static Path socket(Path root) {
    return root.resolve("s.sock");
  }

  @Override
  public void close() throws Exception {
    client.close();
    server.close();
    snapshots.close();
  }
}
