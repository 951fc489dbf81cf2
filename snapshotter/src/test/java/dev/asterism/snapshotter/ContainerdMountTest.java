package dev.asterism.snapshotter;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/// The contract of mounts asks for nothing that containerd's own snapshotter does not do.
final class ContainerdMountTest extends MountContract {
  @TempDir private Path root;

  @Override
  SnapshotsService start() throws Exception {
    return ContainerdService.start(root);
  }
}
