package dev.asterism.snapshotter;

import dev.asterism.testkit.containerd.PrivateContainerd;
import java.io.IOException;
import java.nio.file.Path;

/// containerd's own overlayfs snapshotter: what the contract is judged by.
record ContainerdService(PrivateContainerd containerd, SnapshotsClient client)
    implements SnapshotsService {
  static ContainerdService start(Path root) throws IOException, InterruptedException {
    Kernel.require("containerd");
    PrivateContainerd containerd = PrivateContainerd.start(root);
    return new ContainerdService(
        containerd, new SnapshotsClient(containerd.socket(), "contract", "overlayfs"));
  }

  @Override
  public void close() throws Exception {
    client.close();
    containerd.close();
  }
}
