package dev.asterism.snapshotter;

import java.io.IOException;
import java.nio.file.Path;

/// containerd's own overlayfs snapshotter: what the contract is judged by.
record ContainerdService(PrivateContainerd containerd, SnapshotsClient client)
    implements SnapshotsService {
  static ContainerdService start(Path root) throws IOException {
    Kernel.require("containerd");
    PrivateContainerd containerd = PrivateContainerd.start(root, root.resolve("none.sock"));
    return new ContainerdService(
        containerd, new SnapshotsClient(containerd.socket(), "contract", "overlayfs"));
  }

  @Override
  public void close() throws Exception {
    client.close();
    containerd.close();
  }
}
